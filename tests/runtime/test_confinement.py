"""What a service, a shell, a container or a mount takes from a process: named, and found by doctor."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from edge import _native as native
from edge import errors
from edge.runtime import confinement

Artifact = Callable[[str], Path]
Confine = Callable[[], None]

ROOT = Path(__file__).resolve().parent.parent.parent
QUESTION = json.dumps({"cron": "0 7 * * *", "after": "2026-01-01T00:00:00Z"})
IS_NATIVE = not native.about()["engine"].startswith("pulley")
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1

pytestmark = pytest.mark.skipif(not IS_NATIVE, reason="what is interpreted needs little")


def few_addresses() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


def no_executable_mappings() -> None:
    ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)


def edge(confine: Confine | None, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", *words],
        cwd=ROOT,
        preexec_fn=confine,
        capture_output=True,
        text=True,
        check=False,
    )


def has_mdwe() -> bool:
    code = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).prctl({PR_SET_MDWE}, 1, 0, 0, 0) != 0)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


CONFINED = [
    pytest.param(few_addresses, "2048 MB of addresses", "LimitAS=infinity", id="addresses"),
    pytest.param(
        no_executable_mappings,
        "may not make memory executable",
        "MemoryDenyWriteExecute=no",
        id="executable",
        marks=pytest.mark.skipif(not has_mdwe(), reason="a kernel before 6.3"),
    ),
]


@pytest.mark.parametrize(("confine", "cause", "remedy"), CONFINED)
def test_native_code_that_does_not_fit_says_why(
    artifact: Artifact, confine: Confine, cause: str, remedy: str
) -> None:
    ran = edge(confine, "run", str(artifact("cron-next")), QUESTION)
    assert ran.returncode == 5
    assert cause in ran.stderr
    assert remedy in ran.stderr


@pytest.mark.parametrize(("confine", "cause", "remedy"), CONFINED)
def test_doctor_finds_it_before_the_first_call(confine: Confine, cause: str, remedy: str) -> None:
    checks = json.loads(edge(confine, "doctor", "--json").stdout)["checks"]
    (found,) = [check for check in checks if check["name"] == "confinement"]
    assert (found["status"], cause in found["found"], remedy in found["remedy"]) == ("fail", True, True)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("confine", [few_addresses, no_executable_mappings])
def test_what_is_compiled_here_is_interpreted_then(wasm: Callable[[str], Path], confine: Confine) -> None:
    if confine is no_executable_mappings and not has_mdwe():
        pytest.skip("a kernel before 6.3")
    free, confined = (edge(how, "run", str(wasm("cron-next")), QUESTION, "--json") for how in (None, confine))
    assert confined.returncode == 0, confined.stderr
    assert "compiling for pulley" in confined.stderr
    for one in ("output", "fuel"):
        assert json.loads(confined.stdout)[one] == json.loads(free.stdout)[one]


def mounted(folder: Path, options: str) -> str:
    """A shell's words for a mount that only it sees."""
    return f"mount -t tmpfs {options} none {folder}"


def in_namespace(script: str) -> subprocess.CompletedProcess[str]:
    words = ["unshare", "--mount", "sh", "-c", script]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


needs_mounts = pytest.mark.skipif(
    os.geteuid() != 0
    or not shutil.which("unshare")
    or in_namespace("mount -t tmpfs none /mnt").returncode != 0,
    reason="mounts",
)


@needs_mounts
def test_without_proc_that_is_the_cause(artifact: Artifact) -> None:
    run = f"{sys.executable} -m edge run {artifact('cron-next')} '{QUESTION}'"
    ran = in_namespace(f"{mounted(Path('/proc'), '')}; {run}")
    assert (ran.returncode, "/proc is not mounted" in ran.stderr) == (5, True)
    found = in_namespace(f"{mounted(Path('/proc'), '')}; {sys.executable} -m edge doctor")
    assert "fail  confinement      /proc is not mounted" in found.stdout
    assert "pass  processor" in found.stdout


@needs_mounts
def test_a_filesystem_without_executables_is_named(artifact: Artifact, tmp_path: Path) -> None:
    code, library = tmp_path / "a.cwasm", tmp_path / "libedge.so"
    before = f"{mounted(tmp_path, '-o noexec')}; cp {artifact('cron-next')} {code}"
    ran = in_namespace(f"{before}; {sys.executable} -m edge run {code} '{QUESTION}'")
    assert (ran.returncode, "mounted noexec" in ran.stderr) == (5, True), ran.stderr
    before = f"{mounted(tmp_path, '-o noexec')}; cp {os.environ['EDGE_LIBRARY']} {library}"
    ran = in_namespace(f"{before}; EDGE_LIBRARY={library} {sys.executable} -m edge --version")
    assert (ran.returncode, "mounted noexec" in ran.stderr) == (5, True), ran.stderr


def test_an_error_keeps_its_own_remedy_where_nothing_is_confined() -> None:
    error = errors.OutOfMemory("An instance")
    before = error.remedy
    confinement.explain(error)
    assert (error.message, error.remedy) == ("An instance", before)
    assert confinement.engine() == (native.about()["engine"], False)
