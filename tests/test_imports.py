"""What `edge run` of an artifact imports: on a Pi Zero every module costs about 1 ms and 20 kB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Callable

PACKAGE = Path(__file__).resolve().parent.parent

CODE = """
import sys
before = set(sys.modules)
sys.path[:0] = {paths!r}
from edge.cli import main
status = main(sys.argv[1:])
print("\\n".join(sorted(set(sys.modules) - before)), file=sys.stderr)
sys.exit(status)
"""

OURS = {
    "edge",
    "edge._native",
    "edge.admission",
    "edge._native._ffi",
    "edge._native.library",
    "edge.call",
    "edge.cli",
    "edge.cli.options",
    "edge.cli.output",
    "edge.cli.run",
    "edge.cli.tool",
    "edge.counters",
    "edge.files",
    "edge.instance",
    "edge.interfaces",
    "edge.interfaces.logging",
    "edge.interfaces.secrets",
    "edge.keys",
    "edge.places",
    "edge.plugin",
    "edge.profiles",
    "edge.runtime",
    "edge.shared",
    "edge.trust",
    "edge.values",
}

NOT_OURS = {"__future__", "_cffi_backend"}


def test_a_call_imports_these_modules_and_no_others(artifact: Callable[[str], Path]) -> None:
    import _cffi_backend

    paths = [str(PACKAGE), str(Path(_cffi_backend.__file__).parent)]
    arguments = json.dumps({"cron": "0 7 * * *", "after": "2026-01-01T00:00:00Z"})
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            CODE.format(paths=paths),
            "run",
            str(artifact("cron-next")),
            arguments,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["next"]
    event, *modules = done.stderr.splitlines()
    assert event.startswith("cron-next [info]")
    assert set(modules) == OURS | NOT_OURS
