from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import plugin_log
from edge.files import runtime_dir
from edge.plugin_log import reading

ROOT = Path(__file__).resolve().parent.parent

WRITER = """
import sys
from edge import plugin_log
from edge.files import runtime_dir
log, output = plugin_log.sink("loud")
for at in range(int(sys.argv[2])):
    output(1, b"%s %d\\n" % (sys.argv[1].encode(), at))
"""

EVENT: dict[str, Any] = {
    "function-name": "pump::execute",
    "action": "read",
    "outcome": "success",
    "duration-ms": 7,
    "attrs": None,
    "message": "level is 7",
}


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield Path(runtime_dir.own_folder()) / "log"


def texts(name: str = "pump") -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in reading.entries(name)]


def test_events_and_what_is_written_are_kept_in_their_order(folder: Path) -> None:
    log, output = plugin_log.sink("pump")
    log("pump", "info", EVENT)
    output(1, b"one\ntwo")
    output(2, b"\xff\x1b[2J\n")
    assert texts() == [
        ("info", "pump::execute read success in 7 ms: level is 7"),
        ("stdout", "one"),
        ("stdout", "two"),
        ("stderr", "\ufffd\\x1b[2J"),
    ]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "pump").stat().st_mode & 0o777 == 0o600


def test_who_logs_nothing_leaves_nothing(folder: Path) -> None:
    plugin_log.sink("pump")
    assert texts() == []
    assert not (folder / "pump").exists()


def test_a_long_line_is_cut(folder: Path) -> None:
    _, output = plugin_log.sink("pump")
    output(1, b"x" * 5000)
    assert texts() == [("stdout", "x" * 981 + "... 4019 more")]
    assert folder.exists()


def test_of_a_flood_the_newest_is_kept(folder: Path) -> None:
    _, output = plugin_log.sink("pump")
    for at in range(5000):
        output(1, b"line %d" % at)
    found = [int(text.split()[1]) for _, text in texts()]
    assert found == list(range(found[0], 5000))
    assert len(found) > 2000
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 2 * (64 << 10)
    assert sorted(path.name for path in folder.iterdir()) == ["pump", "pump~"]


def test_processes_that_write_together_lose_no_line_and_cut_none(folder: Path) -> None:
    assert folder
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, f"p{at}", "300"], cwd=ROOT, env=dict(os.environ))
        for at in range(4)
    ]
    assert [process.wait() for process in started] == [0] * 4
    found = texts("loud")
    for at in range(4):
        own = [text for _, text in found if text.startswith(f"p{at} ")]
        assert own == [f"p{at} {number}" for number in range(300)]


def test_processes_that_write_more_than_there_is_room_keep_to_it(folder: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, f"p{at}", "5000"], cwd=ROOT, env=dict(os.environ))
        for at in range(3)
    ]
    assert [process.wait() for process in started] == [0] * 3
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 2 * (64 << 10) + 3 * 1024
    assert {text.split()[1] for _, text in texts("loud")} >= {"4999"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["write", "read"]) | st.integers(0, 3000), max_size=20))
def test_who_follows_reads_every_line_once(folder: Path, steps: list[str | int]) -> None:
    for path in folder.glob("*"):
        path.unlink()
    _, output = plugin_log.sink("pump")
    following = reading.Following("pump")
    count, read = 0, []
    for step in steps:
        if step == "read" or isinstance(step, int):
            read += [int(entry.text) for entry in following.more()]
        # Less than both files hold: of more than that between two looks the oldest is gone.
        for _ in range(step if isinstance(step, int) else step == "write"):
            output(1, b"%d" % count)
            count += 1
    read += [int(entry.text) for entry in following.more()]
    following.close()
    assert read == list(range(count))


def test_where_it_can_not_be_kept_calls_go_on(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder.touch()
    log, output = plugin_log.sink("pump")
    log("pump", "info", EVENT)
    output(1, b"one\ntwo\n")
    assert capfd.readouterr().err.count("the log of pump is not kept") == 1


def test_what_somebody_else_wrote_there_is_passed_over(folder: Path) -> None:
    _, output = plugin_log.sink("pump")
    output(1, b"one")
    with (folder / "pump").open("ab") as file:
        file.write(b"\nno time\n\xff\n12\n5 info two\n9 info torn")
    assert texts() == [("stdout", "one"), ("info", "two")]


def test_what_is_forgotten_is_gone_for_who_reads_and_who_goes_on_to_write(folder: Path) -> None:
    _, output = plugin_log.sink("pump")
    for _ in range(2000):
        output(1, b"x" * 50)
    reading.delete("pump")
    output(1, b"late")
    assert (texts(), list(folder.iterdir())) == ([], [])
    reading.delete("pump")
