"""How a bundle starts: in which Python, and with modules from which file."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

import pytest

from tests.dev.starting import start

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
PYTHON = (sys.executable, "-I", "-S")
BEHIND_THE_HEAD = 40_000
"""Bytes of a file of modules, at a place where the first modules are whole and the others are not."""


def version(unpacked: Path) -> str:
    """What it says its version is."""
    status, out, err = start(unpacked / "edge", "--version")
    assert (status, err) == (0, "")
    return out


def compiled(unpacked: Path) -> list[Path]:
    """The files of its modules."""
    return [*(unpacked / "lib").glob("modules-*")]


def edit(unpacked: Path, name: str, old: str, new: str) -> None:
    """Changes one of its sources."""
    path = unpacked / "lib" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_first_start_makes_one_file_of_all_modules_and_the_next_use_it(unpacked: Path) -> None:
    said = version(unpacked)
    [path] = compiled(unpacked)
    assert path.name.endswith(f"-{sys.implementation.cache_tag}")
    made = path.stat()
    for source in (unpacked / "lib" / "edge").rglob("*.py"):
        source.write_text("raise SystemError('compiled again')")
    assert version(unpacked) == said
    assert path.stat() == made
    assert not [*unpacked.rglob("__pycache__")]
    assert {entry.name for entry in (unpacked / "lib").iterdir()} == {
        "edge",
        "modules.py",
        "start.py",
        path.name,
    }


def test_it_says_so_where_somebody_waits(unpacked: Path) -> None:
    main, terminal = os.openpty()
    env = {"PATH": os.environ["PATH"]}
    subprocess.run([*PYTHON, unpacked / "edge", "--version"], stderr=terminal, check=True, env=env)
    os.close(terminal)
    assert b"edge: compiling its modules for this Python, once" in os.read(main, 1000)
    os.close(main)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="emptied"),
        pytest.param(lambda whole: whole[:3000], id="cut"),
        pytest.param(lambda whole: bytes(len(whole)), id="zeros"),
        pytest.param(lambda _: b"\xff" * 100, id="something else"),
        pytest.param(lambda whole: whole[:BEHIND_THE_HEAD], id="cut among modules"),
        pytest.param(
            lambda whole: whole[:BEHIND_THE_HEAD] + bytes(len(whole) - BEHIND_THE_HEAD), id="zeros in modules"
        ),
    ],
)
def test_a_damaged_file_is_made_again(unpacked: Path, damage: Callable[[bytes], bytes]) -> None:
    said = version(unpacked)
    [path] = compiled(unpacked)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert version(unpacked) == version(unpacked) == said
    assert path.read_bytes() == whole


@pytest.mark.parametrize("where", ["start(lib)\n", "import modules\n", "\n    run()\n"])
def test_ctrl_c_before_there_is_a_command_shows_no_trace(unpacked: Path, where: str) -> None:
    edit(unpacked, "../edge", where, where.replace(where.strip(), "raise KeyboardInterrupt"))
    done = subprocess.run([*PYTHON, unpacked / "edge", "list"], env={}, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_where_it_is_moved_to_traces_show_its_sources(unpacked: Path) -> None:
    version(unpacked)
    moved = unpacked.with_name("moved")
    unpacked.rename(moved)
    version(moved)
    # What fails before anything can be caught.
    edit(moved, "../edge", "run()", "sys.path_importer_cache = sys.path_hooks = None; run()")
    err = start(moved / "edge", "nonsense")[2]
    assert f'File "{moved}/lib/start.py", line ' in err or "No such command" in err
    assert str(unpacked / "lib") not in err


def test_a_source_that_is_changed_is_what_runs_once_the_file_is_gone(unpacked: Path) -> None:
    version(unpacked)
    [path] = compiled(unpacked)
    path.unlink()
    edit(unpacked, "edge/cli/version.py", "edge {", "changed {")
    assert version(unpacked).startswith("changed")
    assert version(unpacked).startswith("changed")
    assert compiled(unpacked) == [], "it would outlive the change"


def test_many_that_start_for_the_first_time_make_one_file(unpacked: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(version, [unpacked] * 4))) == 1
    assert len(compiled(unpacked)) == 1
    assert not [*(unpacked / "lib").glob(".*")]


def deny() -> None:
    """Takes from root what others do not have either."""
    if os.geteuid():
        return
    assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) == 0


def fill() -> None:
    """As if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


@pytest.mark.parametrize("fault", [deny, fill])
def test_where_no_file_can_be_made_it_runs_all_the_same(
    unpacked: Path, fault: Callable[[], None], tmp_path: Path
) -> None:
    said = version(unpacked)
    [path] = compiled(unpacked)
    path.unlink()
    folders = [unpacked, *(path for path in unpacked.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555 if fault is deny else 0o755)
    for _ in range(2):
        assert start(unpacked / "edge", "--version", preexec_fn=fault) == (0, said, "")
        assert compiled(unpacked) == []
        assert not [*(unpacked / "lib").glob(".*")]
    out = start(unpacked / "edge", "doctor", HOME=str(tmp_path), preexec_fn=fault)[1]
    assert "compiled one by one at every start" in out
    assert f"{unpacked}/edge --version" in out
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_standard_stream_is_not_the_file_of_modules(unpacked: Path, closed: int) -> None:
    version(unpacked)
    [path] = compiled(unpacked)
    before = path.read_bytes()
    line = f'exec "{unpacked}/edge" --version {closed}>&-'
    status, out, err = start("/bin/sh", "-c", line)
    assert (status, out != "", err) == (5 if closed == 1 else 0, closed != 1, err)
    assert path.read_bytes() == before


def test_what_cannot_be_imported_fails_as_any_command_does(unpacked: Path) -> None:
    version(unpacked)
    edit(unpacked, "../edge", "import sys\n", "import sys\nsys.modules['_cffi_backend'] = None\n")
    status, _, err = start(unpacked / "edge", "--version")
    assert status == 5
    assert "sudo apt install python3-cffi-backend" in err
    assert "Traceback" not in err


def test_without_python_it_says_what_to_install(unpacked: Path) -> None:
    status, _, err = start(unpacked / "edge", "--version", EDGE_PYTHON="python-of-nowhere")
    assert status == 5
    assert "python-of-nowhere was not found" in err
    assert "sudo apt install python3 python3-cffi-backend" in err


def test_with_an_old_python_it_says_which_it_needs(unpacked: Path) -> None:
    edit(unpacked, "../edge", "import sys\n", "import sys\nsys.version_info = (3, 7, 0)\n")
    status, _, err = start(unpacked / "edge", "--version")
    assert status == 5
    assert "Python 3.7; Edge requires 3.9" in err


def test_what_an_old_python_reads_it_can_read(unpacked: Path) -> None:
    """Before it is told that it is too old."""
    for path in (unpacked / "edge", unpacked / "lib" / "modules.py"):
        compile(path.read_text(), str(path), "exec", dont_inherit=True)
        assert "from __future__" not in path.read_text()
