"""What `edge run` of an artifact and `edge call` import: on a Pi Zero a module costs some 1 ms and 20 kB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from tests.support import packages
from tests.support.home import LOCAL, move

PACKAGE = Path(__file__).resolve().parent.parent
QUESTION = json.dumps({"cron": "0 7 * * *", "after": "2026-01-01T00:00:00Z"})

CODE = """
import sys
before = set(sys.modules)
sys.path[:0] = {paths!r}
from edge.cli import main
status = main(sys.argv[1:])
print("\\n".join(sorted(set(sys.modules) - before)), file=sys.stderr)
sys.exit(status)
"""

BOTH = {
    "edge",
    "edge._native",
    "edge._native._ffi",
    "edge.runtime.call",
    "edge.cli",
    "edge.cli.options",
    "edge.cli.output",
    "edge.cli.tool",
    "edge.limits.admission",
    "edge.files",
    "edge.interfaces",
    "edge.interfaces.logging",
    "edge.limits",
    "edge.runtime",
    "edge.files.runtime_dir",
    "edge.text",
    "edge.trust",
    # Not ours
    "__future__",
    "_cffi_backend",
}
RUN = {"edge.cli.run", "edge.interfaces.secrets"}
CALL = {
    "edge._version",
    "edge.cli.call",
    "edge.plugin_log",
    "edge.store",
    "edge.store.call",
    "edge.store.call_plan",
}


def imported(*words: str) -> set[str]:
    import _cffi_backend

    paths = [str(PACKAGE), str(Path(_cffi_backend.__file__).parent)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CODE.format(paths=paths), *words],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert json.loads(done.stdout)["next"]
    event, *modules = done.stderr.splitlines()
    assert event.startswith("cron-next [info]")
    return set(modules)


def test_edge_run_imports_these_modules_and_no_others(artifact: Callable[[str], Path]) -> None:
    assert imported("run", str(artifact("cron-next")), QUESTION) == BOTH | RUN


def test_edge_call_imports_these_modules_and_no_others(
    wasm: Callable[[str], Path], tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    package = tmp_path / "a.edge"
    package.write_bytes(packages.package(wasm("cron-next"), name="cron-next"))
    install = [sys.executable, "-m", "edge", "install", str(package)]
    subprocess.run(install, cwd=PACKAGE, check=True, env=dict(os.environ), capture_output=True)
    assert imported("call", "cron-next", QUESTION) == BOTH | CALL


def test_a_plugin_that_imports_secrets_and_reads_none_adds_these_modules() -> None:
    code = (
        "import sys; from edge.store.call import _secrets; from edge.interfaces import secrets; "
        "from edge.store.secrets import StoredSecrets; from edge.permissions.secrets import allowed_names; "
        "from edge.policy.grants import Grants; print(*(name for name in sys.modules if name[:5] == 'edge.'))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=PACKAGE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) - BOTH - CALL == {
        "edge.interfaces.secrets",
        "edge.permissions",
        "edge.permissions.catalogue",
        "edge.permissions.levels",
        "edge.permissions.secrets",
        "edge.policy",
        "edge.policy.grants",
        "edge.store.secrets",
    }
