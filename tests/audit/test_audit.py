from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from edge import audit, errors

ROOT = Path(__file__).resolve().parent.parent.parent

WRITER = """
import sys
from edge import audit
for at in range(int(sys.argv[2])):
    audit.append({"event": "test", "plugin": sys.argv[1], "at": at})
"""


def lines(folder: Path, name: str = "log") -> list[bytes]:
    return (folder / name).read_bytes().splitlines(keepends=True)


def test_an_entry_is_a_line_that_names_the_one_before(folder: Path) -> None:
    answers = [audit.append({"event": "install", "plugin": name}) for name in ("a", "b", "c")]
    found = lines(folder)
    assert [sha256(line).hexdigest() for line in found] == answers
    assert audit.ends() == {"log": answers[-1]}
    entries = [json.loads(line) for line in found]
    assert [entry["prev"] for entry in entries] == ["0" * 64, *answers[:2]]
    assert [entry["seq"] for entry in entries] == [1, 2, 3]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    assert {entry["boot"] for entry in entries} == {boot}
    assert list(audit.entries()) == entries
    assert audit.verify() == []


def test_entries_of_one_plugin(folder: Path) -> None:
    for name in ("a", "b", "a"):
        audit.append({"event": "install", "plugin": name})
    assert [entry["seq"] for entry in audit.entries("a")] == [1, 3]
    assert list(audit.entries("c")) == []
    assert folder.exists()


def test_what_plugins_did_stands_among_what_operators_did(folder: Path) -> None:
    for event in ("denied", "install", "used", "denied", "remove", "used"):
        audit.append({"event": event, "plugin": "a"})
    assert [entry["event"] for entry in audit.entries()] == [
        *["denied", "install", "used", "denied", "remove", "used"]
    ]
    assert [len(lines(folder, name)) for name in ("log", "uses", "used")] == [2, 2, 2]
    assert audit.verify() == []


def test_where_nothing_was_written_nothing_is_read_or_made(folder: Path) -> None:
    assert (list(audit.entries()), audit.verify(), audit.ends()) == ([], [], {})
    assert not folder.exists()


def test_nobody_else_reaches_it(folder: Path) -> None:
    audit.append({"event": "test"})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "lock": 0o600,
        "log": 0o600,
    }


@pytest.mark.parametrize("name", ["", "log", "lock"])
def test_what_others_may_write_is_not_trusted(folder: Path, name: str) -> None:
    audit.append({"event": "test"})
    (folder / name).chmod(0o770)
    with pytest.raises(errors.EnvironmentFault, match="other users can write it") as caught:
        audit.append({"event": "test"})
    assert str(folder / name) in caught.value.message
    assert audit.verify() == [f"{str(folder / name).rstrip('/')}: other users can write it"]


@pytest.mark.parametrize("name", ["log", "lock"])
def test_a_link_is_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    folder.mkdir(parents=True, mode=0o700)
    (tmp_path / "precious").write_text("")
    (folder / name).symlink_to(tmp_path / "precious")
    with pytest.raises(errors.EnvironmentFault):
        audit.append({"event": "test"})
    assert (tmp_path / "precious").read_text() == ""


def test_where_there_is_no_place_for_it_the_fault_is_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.files.environment", lambda _: "")
    with pytest.raises(errors.EnvironmentFault, match="HOME"):
        audit.append({"event": "test"})
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("edge.files.environment", lambda _: str(tmp_path / "file"))
    with pytest.raises(errors.EnvironmentFault, match="Not a directory"):
        audit.append({"event": "test"})


def test_processes_that_write_together_never_interleave(folder: Path) -> None:
    environment = {**os.environ, "XDG_DATA_HOME": str(folder.parent.parent)}
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, f"p{at}", "50"], cwd=ROOT, env=environment)
        for at in range(8)
    ]
    assert [process.wait() for process in started] == [0] * 8
    assert audit.verify() == []
    assert [entry["seq"] for entry in audit.entries()] == list(range(1, 401))
    for at in range(8):
        assert [entry["at"] for entry in audit.entries(f"p{at}")] == list(range(50))


def test_a_clock_that_goes_back_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for now in (4_000_000_000.5, 0.0, -5.0, 1_800_000_000.0):
        monkeypatch.setattr("edge.audit.rotating_file.time", lambda now=now: now)
        audit.append({"event": "test"})
    assert [entry["time"] for entry in audit.entries()] == [4_000_000_000, 0, -5, 1_800_000_000]
    assert audit.verify() == []
    assert len(lines(folder)) == 4
