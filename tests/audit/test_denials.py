from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge import audit

ROOT = Path(__file__).resolve().parent.parent.parent

DENY = """
import sys
from edge import audit
from edge.audit import denials
denials.monotonic = lambda: 0.0
for at in range(int(sys.argv[1])):
    audit.append({"event": "denied", "plugin": "loud", "target": str(at)})
"""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    assert folder
    found = Clock()
    monkeypatch.setattr("edge.audit.denials.monotonic", found)
    return found


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> object:
    """Denials are counted where memory is behind, and those of other tests count there."""
    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield run


def deny(plugin: str, count: int) -> None:
    for at in range(count):
        audit.append({"event": "denied", "plugin": plugin, "target": str(at)})


def denied(plugin: str) -> list[str]:
    return [entry["target"] for entry in audit.entries(plugin) if entry["event"] == "denied"]


def suppressed(plugin: str) -> list[int]:
    return [entry["denied"] for entry in audit.entries(plugin) if entry["event"] == "suppressed"]


def test_the_first_denials_are_written_and_the_others_counted() -> None:
    deny("loud", 1500)
    assert denied("loud") == [str(at) for at in range(20)]
    assert suppressed("loud") == [1, 10, 100, 1000]


def test_what_is_not_written_has_no_digest() -> None:
    answers = [audit.append({"event": "denied", "plugin": "loud"}) for _ in range(22)]
    assert [bool(answer) for answer in answers] == [True] * 21 + [False]


def test_the_next_minute_begins_at_nothing(clock: Clock) -> None:
    deny("loud", 30)
    clock.now += 60
    deny("loud", 30)
    assert len(denied("loud")) == 40


def test_every_plugin_has_its_own_count() -> None:
    deny("loud", 100)
    deny("quiet", 1)
    audit.append({"event": "denied", "plugin": "../no name"})
    assert denied("quiet") == ["0"]
    assert len(list(audit.entries("../no name"))) == 1


def test_processes_count_together(folder: Path) -> None:
    environment = {**os.environ, "XDG_DATA_HOME": str(folder.parent.parent)}
    for _ in range(3):
        subprocess.run([sys.executable, "-c", DENY, "15"], cwd=ROOT, env=environment, check=True)
    assert len(denied("loud")) == 20


def test_without_a_place_that_they_share_each_counts_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise PermissionError

    monkeypatch.setattr("edge.files.runtime_dir.folder", fail)
    deny("alone", 50)
    assert len(denied("alone")) == 20


def test_no_plugin_pushes_out_what_an_operator_did(small: Path, clock: Clock) -> None:
    audit.append({"event": "install", "plugin": "loud"})
    for _ in range(40):
        clock.now += 60
        deny("loud", 25)
        audit.append({"event": "used", "plugin": "loud"})
    assert next(audit.entries())["event"] == "install"
    assert sum(path.stat().st_size for path in small.glob("uses*")) <= 4 * 700
    assert audit.verify() == []


def test_nothing_that_is_allowed_pushes_out_a_denial(small: Path) -> None:
    deny("loud", 1)
    for at in range(100):
        audit.append({"event": "used", "plugin": "loud", "at": at})
    deny("loud", 1)
    found = [entry["event"] for entry in audit.entries("loud")]
    assert (found[0], found[-1]) == ("denied", "denied")
    assert 0 < found.count("used") < 100
    assert sum(path.stat().st_size for path in small.glob("used*")) <= 4 * 350
    assert audit.verify() == []


def test_a_denial_that_can_not_be_written_stays_a_denial(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge.audit.denials._told", set())
    folder.parent.mkdir(parents=True)
    folder.touch()
    deny("loud", 3)
    assert capfd.readouterr().err.count("denials cannot be audited") == 1
