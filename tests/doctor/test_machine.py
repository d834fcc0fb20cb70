from __future__ import annotations

import os
import posix
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import limits
from edge.doctor import examine
from edge.doctor.finding import Finding
from edge.files import runtime_dir
from edge.limits import admission
from tests.doctor.files import elf_file

Check = Callable[[str], Finding]
Here = Callable[..., None]

AARCH64 = 183
V6, V6KZ, V7 = 6, 7, 10


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """A machine of some kind: what its Python, the library and the kernel say."""

    def arrange(python: bytes, library: bytes, kernel: str) -> None:
        (tmp_path / "python").write_bytes(python)
        (tmp_path / "library").write_bytes(library)
        monkeypatch.setattr("edge.doctor.machine.PYTHON", str(tmp_path / "python"))
        monkeypatch.setenv("EDGE_LIBRARY", str(tmp_path / "library"))
        uname = posix.uname_result(("Linux", "pi", "6", "1", kernel))
        monkeypatch.setattr("posix.uname", lambda: uname)

    return arrange


def arm(arch: int, *, hard: bool = True) -> bytes:
    return elf_file(attributes=[(6, arch), (28, int(hard))])


def damaged(place: int, number: int) -> bytes:
    whole = arm(V6)
    return whole[:place] + number.to_bytes(2, "little") + whole[place + 2 :]


@pytest.mark.parametrize(
    ("python", "library", "kernel"),
    [
        (arm(V6), arm(V6KZ), "armv6l"),
        (arm(V7), arm(V6KZ), "armv7l"),
        (arm(V7), arm(V7), "armv7l"),
        (arm(V7), arm(V6), "aarch64"),
        (elf_file(bits=64, machine=AARCH64), elf_file(bits=64, machine=AARCH64), "aarch64"),
    ],
)
def test_a_library_for_this_processor(
    finding: Check, here: Here, python: bytes, library: bytes, kernel: str
) -> None:
    here(python, library, kernel)
    found = finding("processor")
    assert (found.status, found.found.split(";")[0]) == ("pass", kernel)


@pytest.mark.parametrize(
    ("python", "library", "kernel", "said", "bundle"),
    [
        (arm(V7), elf_file(bits=64, machine=AARCH64), "aarch64", "this Python is armhf", "pi-zero"),
        (elf_file(bits=64, machine=AARCH64), arm(V6), "aarch64", "this Python is aarch64", "pi-64"),
        (arm(V6), arm(V6, hard=False), "armv6l", "the library is for arm, 32 bits", "pi-zero"),
        (arm(V6), arm(V7), "armv6l", "newer CPU than armv6l (Tag_CPU_arch 10)", "pi-zero"),
        (arm(V6), elf_file(attributes=[(28, 1)]), "armv6l", "newer CPU", "pi-zero"),
        (elf_file(bits=64, machine=243), arm(V6), "riscv64", "machine 243", "there may not be one"),
        (arm(V6), damaged(44, 0), "armv6l", "is damaged: its header names 0 program", "bundle"),
        (arm(V6), damaged(48, 0), "armv6l", "is damaged: its header says that it has no sections", "bundle"),
        (arm(V6), damaged(46, 7), "armv6l", "is damaged: sizes", "bundle"),
        (arm(V6), b"#!/bin/sh\n" * 20, "armv6l", "is not a library", "bundle"),
        (arm(V6), b"", "armv6l", "is not a library", "bundle"),
    ],
)
def test_a_library_for_another(
    finding: Check, here: Here, python: bytes, library: bytes, kernel: str, said: str, bundle: str
) -> None:
    here(python, library, kernel)
    found = finding("processor")
    assert found.status == "fail"
    assert said in found.found
    assert bundle in found.remedy


def test_no_library_at_all(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_LIBRARY", "/nowhere/libedge.so")
    found = finding("processor")
    assert (found.status, found.found) == ("fail", "/nowhere/libedge.so: No such file or directory")
    assert found.remedy


def test_a_library_that_is_a_fifo_holds_nobody(
    finding: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "library")
    monkeypatch.setenv("EDGE_LIBRARY", str(tmp_path / "library"))
    assert finding("processor").found == f"{tmp_path}/library is not a library"


def test_a_python_that_is_too_old(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    assert finding("python").status == "pass"
    monkeypatch.setattr("edge.doctor.machine.OLDEST_PYTHON", (4, 0))
    assert finding("python").status == "fail"


def test_a_python_without_the_cffi_backend(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "_cffi_backend", None)
    found = finding("python")
    assert found.status == "fail"
    assert "python3-cffi-backend" in found.remedy


@pytest.mark.parametrize(("calls", "status"), [(0.9, "fail"), (1.0, "warn"), (2.0, "pass")])
def test_memory_is_held_against_what_a_call_may_use(
    finding: Check, monkeypatch: pytest.MonkeyPatch, calls: float, status: str
) -> None:
    device = limits.PI_ZERO
    free = admission.RESERVE_BYTES + int(calls * admission.need(device.limits, device))
    monkeypatch.setattr("edge.limits.here", lambda: device)
    monkeypatch.setattr("edge.limits.admission.free_bytes", lambda: free)
    found = finding("memory")
    assert (found.status, bool(found.remedy)) == (status, status != "pass")
    assert "a call may use 17.0 MB" in found.found


@pytest.mark.parametrize(
    ("controllers", "groups", "status"),
    [
        ("cpuset cpu io memory pids\n", "", "pass"),
        ("cpuset cpu io pids\n", "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t60\t0\n", "warn"),
        (None, "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t3\t1\t1\nmemory\t4\t60\t1\n", "pass"),
        (None, None, "warn"),
    ],
)
def test_control_groups(
    finding: Check,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    controllers: str | None,
    groups: str | None,
    status: str,
) -> None:
    for name, contents in (("CONTROLLERS", controllers), ("CGROUPS", groups)):
        path = tmp_path / name
        if contents is not None:
            path.write_text(contents)
        monkeypatch.setattr(f"edge.doctor.machine.{name}", str(path))
    found = finding("control_groups")
    assert (found.status, "cgroup_enable=memory" in found.remedy) == (status, status == "warn")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield Path(run)


def test_the_folder_of_counters(finding: Check, session: Path) -> None:
    found = finding("shared_memory")
    assert (found.status, found.found) == ("pass", runtime_dir.own_folder())
    assert found.found.startswith(f"{session}/edge/")
    (session / "edge").chmod(0o755)
    found = finding("shared_memory")
    assert (found.status, found.remedy) == ("fail", "Remove it")


def test_a_session_folder_that_is_passed_over_is_told(
    finding: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", f"{tmp_path}/nowhere")
    # It would stay in this machine's own.
    monkeypatch.setattr("edge.files.runtime_dir.own_folder", lambda: "/dev/shm/edge-0/1")
    found = finding("shared_memory")
    assert (found.status, f"XDG_RUNTIME_DIR, {tmp_path}/nowhere, is not used: " in found.found) == (
        "pass",
        True,
    )


@pytest.mark.parametrize(
    "variable", ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"]
)
def test_a_relative_place_is_ignored_and_told(
    finding: Check, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    assert finding("places").status == "pass"
    monkeypatch.setenv(variable, "relative/place")
    found = finding("places")
    assert (found.status, bool(found.remedy)) == ("warn", True)
    assert f"{variable} is relative/place, which is ignored; /" in found.found


def test_a_relative_home_is_ignored_and_told(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "relative/place")
    found = finding("places")
    assert found.status == "warn"
    assert "HOME is relative/place, which is ignored; no place is used" in found.found


@pytest.fixture
def volume(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A disk with so much space, mounted with these flags."""

    def arrange(megabytes: int, flags: int) -> None:
        blocks = megabytes << 8
        found = os.statvfs_result((4096, 4096, 1 << 20, blocks + 9, blocks, 9, 9, 9, flags, 255))
        monkeypatch.setattr("posix.statvfs", lambda _: found)

    return arrange


@pytest.mark.parametrize(
    ("megabytes", "flags", "status", "said"),
    [
        (64, 0, "pass", "64 MB are free"),
        (63, 0, "warn", "63 MB are free"),
        (500, os.ST_RDONLY, "fail", "is read-only"),
        (1, 0, "warn", "1 MB are free"),
        (0, 0, "fail", "0 MB are free"),
    ],
)
def test_the_disk(
    finding: Check,
    empty: Path,
    volume: Callable[..., None],
    megabytes: int,
    flags: int,
    status: str,
    said: str,
) -> None:
    volume(megabytes, flags)
    found = finding("disk")
    assert (found.status, found.found.startswith(f"{empty}"), bool(found.remedy)) == (
        status,
        True,
        status != "pass",
    )
    assert said in found.found


def test_a_file_system_without_a_size(finding: Check, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = os.statvfs_result((4096, 4096, 0, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr("posix.statvfs", lambda _: found)
    assert (finding("disk").status, "without its own size" in finding("disk").found) == ("pass", True)
    assert empty.exists()


def test_the_folder_that_will_hold_the_data_is_looked_at(
    finding: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "not" / "yet"))
    assert finding("disk").found.startswith(f"{tmp_path}: ")
    assert not (tmp_path / "not").exists()


def test_places_that_are_not_there_are_told(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert finding("places").found.startswith("none for XDG_DATA_HOME, none for XDG_CONFIG_HOME, ")


def test_a_file_where_the_data_should_be(
    finding: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    found = finding("disk")
    assert (found.status, found.found) == ("fail", f"{tmp_path}/file is not a folder")
    assert "XDG_DATA_HOME" in found.remedy


def test_a_file_system_that_takes_no_files(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/proc")
    found = finding("disk")
    assert (found.status, found.found) == ("fail", "/proc cannot be written: No such file or directory")


@pytest.mark.skipif(os.geteuid() != 0, reason="changes users")
def test_a_folder_that_can_not_be_written(finding: Check, empty: Path) -> None:
    process = os.fork()
    if process == 0:
        for path in empty.parents:
            if not path.stat().st_mode & 1:
                path.chmod(0o755)
        os.setuid(65534)
        os._exit(finding("disk").status != "fail")
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


@pytest.mark.parametrize(("now", "status"), [(0.0, "warn"), (1_700_000_000.0, "warn"), (2e9, "pass")])
def test_a_clock_that_can_not_be_right_is_a_warning(
    finding: Check, monkeypatch: pytest.MonkeyPatch, now: float, status: str
) -> None:
    monkeypatch.setattr("time.time", lambda: now)
    found = finding("clock")
    assert (found.status, bool(found.remedy)) == (status, status == "warn")


def test_what_the_system_refuses_a_check_is_no_fault_of_edge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    found = dict(examine())
    assert found["keys"].found == f"{tmp_path}/file/edge/keys: Not a directory"
    assert not [name for name in found if "failed" in found[name].found or "report" in found[name].remedy]


def test_a_check_that_fails_itself_is_a_finding(finding: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("edge.doctor.machine.clock", fail)
    found = finding("clock")
    assert (found.status, found.found) == ("fail", "the check itself failed: ZeroDivisionError: oops")
