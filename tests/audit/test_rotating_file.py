from __future__ import annotations

import errno
import json
import os
import posix
import re
import shutil
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import audit, errors

KILLED = 9
STEPS = ("open", "rename", "write", "fsync", "ftruncate", "close")


def fill(count: int, start: int = 0) -> None:
    for at in range(start, start + count):
        audit.append({"event": "test", "at": at})


def numbers() -> list[int]:
    return [entry["seq"] for entry in audit.entries()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("log"))


def named(problems: list[str]) -> set[int]:
    """The numbers of entries that are said to be missing or damaged."""
    found: set[int] = set()
    for problem in problems:
        for first, last in re.findall(r"(?:entry|entries) (\d+)(?: to (\d+))? (?:is|are|should)", problem):
            found.update(range(int(first), int(last or first) + 1))
    return found


def test_the_chain_runs_on_through_rotation_and_the_oldest_are_dropped(small: Path) -> None:
    fill(40)
    assert names(small) == ["log", "log.1", "log.2", "log.3"]
    assert all((small / name).stat().st_size <= 700 for name in names(small))
    found = numbers()
    assert found == list(range(found[0], 41))
    assert 1 < found[0] < 35
    first = json.loads((small / "log.3").read_bytes().splitlines()[0])
    assert first["seq"] == found[0]
    assert audit.verify() == []


def test_a_full_log_takes_no_more_than_five_quarters_of_a_megabyte(folder: Path) -> None:
    for event in ("test", "refused", "used"):
        for _ in range(330):
            audit.append({"event": event, "text": ["\x1b" * 160] * 2})
    assert 1 << 20 < sum(path.stat().st_size for path in folder.iterdir()) <= 5 << 18
    assert audit.verify() == []


def test_a_torn_entry_is_cut_off_and_that_is_an_entry(folder: Path) -> None:
    fill(2)
    whole = (folder / "log").read_bytes()
    with (folder / "log").open("ab") as file:
        file.write(b'{"seq": 3, "ti')
    assert audit.verify() == [
        "log: the last 14 bytes are not a complete entry; a power cut may have truncated it"
    ]
    assert numbers() == [1, 2]
    fill(1)
    assert (folder / "log").read_bytes().startswith(whole)
    *_, cut, _ = audit.entries()
    assert (cut["seq"], cut["event"], cut["act"], cut["bytes"]) == (3, "audit", "cut", 14)
    assert (audit.verify(), numbers()) == ([], [1, 2, 3, 4])


@pytest.mark.parametrize("contents", [b"", b"no end of line", bytes(5000), b"x" * 20_000])
def test_a_file_without_one_whole_line_begins_anew(folder: Path, contents: bytes) -> None:
    folder.mkdir(parents=True, mode=0o700)
    (folder / "log").write_bytes(contents)
    (folder / "log").chmod(0o600)
    fill(1)
    assert audit.verify() == []
    assert [entry.get("bytes", 0) for entry in audit.entries()] == ([len(contents), 0] if contents else [0])


def test_a_damaged_last_line_stops_nobody(folder: Path) -> None:
    fill(3)
    with (folder / "log").open("ab") as file:
        file.write(b"\0" * 50 + b"\n")
    fill(1)
    assert numbers() == [1, 2, 3, 4]
    assert audit.verify() == ["log, line 4: entry 4, expected here, is damaged or changed"]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with all of its files."""
    home = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(home))
        patch.setattr("edge.audit.rotating_file.FILE_BYTES", 700)
        fill(20)
    return home / "edge" / "audit"


def copied(full: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(full, folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wherever_a_file_is_cut_what_is_lost_is_named(full: Path, small: Path, data: st.DataObject) -> None:
    copied(full, small)
    before = set(numbers())
    path = small / data.draw(st.sampled_from(names(full)))
    contents = path.read_bytes()
    at = data.draw(st.integers(0, len(contents)))
    path.write_bytes(contents[:at])
    torn = at and contents[at - 1 : at] != b"\n"
    lost = before - set(numbers())
    audit.append({"event": "after"})
    *_, newest = audit.entries()
    assert newest["event"] == "after"
    problems = audit.verify()
    if path.name == "log":
        # Nothing came after what is lost, so nothing but the torn entry tells of it.
        assert problems == []
        assert [entry["bytes"] for entry in audit.entries() if entry["event"] == "audit"] == (
            [len(contents[:at].rpartition(b"\n")[2])] if torn else []
        )
    else:
        # A rotation may have dropped the file that was cut.
        assert named(problems) >= {number for number in lost if number > numbers()[0]}
        assert bool(problems) == bool(lost) or path.name == "log.3"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_byte_is_changed_it_shows(full: Path, small: Path, data: st.DataObject) -> None:
    copied(full, small)
    path = small / data.draw(st.sampled_from(names(full)))
    contents = bytearray(path.read_bytes())
    # The newest entry has none behind it that would vouch for it.
    end = contents.rfind(b"\n", 0, -1) + 1 if path.name == "log" else len(contents)
    contents[data.draw(st.integers(0, end - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(contents)
    assert audit.verify()


def killed(small: Path, step: int) -> bool:
    """Whether a process that writes entries came as far as a step, which it did not survive."""
    process = os.fork()
    if process == 0:
        left = [step]

        def dying(real: Any) -> Any:
            def act(*given: Any, **named: Any) -> Any:
                left[0] -= 1
                if not left[0]:
                    if real is WRITE:
                        real(given[0], given[1][: len(given[1]) // 2])
                    os._exit(KILLED)
                return real(*given, **named)

            return act

        for name in STEPS:
            setattr(posix, name, dying(getattr(posix, name)))
        for at in range(5):
            audit.append({"event": "test", "at": at})
            with (small / "told").open("a") as file:
                file.write(f"{at}\n")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == KILLED


WRITE = posix.write


def test_a_kill_at_any_step_leaves_a_whole_chain_and_all_that_was_answered(full: Path, small: Path) -> None:
    step = 1
    while True:
        copied(full, small)
        before = numbers()
        (small / "told").touch()
        was_killed = killed(small, step)
        told = len((small / "told").read_text().split())
        audit.append({"event": "after"})
        assert audit.verify() == [], step
        found = list(audit.entries())
        assert found[-1]["event"] == "after"
        written = [entry["at"] for entry in found if entry.get("seq", 0) > before[-1] and "at" in entry]
        assert written in (list(range(told)), list(range(told + 1))), step
        if not was_killed:
            break
        step += 1
    assert (told, step > 30) == (5, True)


def test_a_full_disk_leaves_the_log_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(2)
    before = (folder / "log").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("posix.write", lambda fd, data: WRITE(fd, data[:7]))
        with pytest.raises(errors.DiskFull):
            fill(1)
    assert (folder / "log").read_bytes() == before
    fill(1)
    assert (numbers(), audit.verify()) == ([1, 2, 3], [])


@pytest.mark.parametrize("call", ["posix.lstat", "posix.fstat", "fcntl.flock"])
def test_a_log_that_can_not_be_looked_at_is_this_machines_fault(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    fill(1)
    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        with pytest.raises(errors.IoFault, match=str(folder.parents[1])):
            fill(1)
    fill(1)
    assert (numbers(), audit.verify()) == ([1, 2], [])


def test_a_lock_that_is_never_given_back_is_this_machines_fault(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(1)
    monkeypatch.setattr("edge.files.runtime_dir.LOCK_TIMEOUT", 0.05)
    with (folder / "lock").open("rb") as held:
        flock(held, LOCK_EX)
        with pytest.raises(errors.IoFault, match="has been locked"):
            fill(1)
        with pytest.raises(errors.IoFault, match="has been locked"):
            numbers()
    assert numbers() == [1]
