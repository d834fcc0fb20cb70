from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import plugin_log
from tests.support.home import move, pretend

Edge = Callable[..., Any]

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def own_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield


def write(*lines: str) -> None:
    _, output = plugin_log.sink("pump")
    for text in lines:
        output(1, text.encode())


def test_it_shows_lines_with_their_time_and_kind(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_log, "time_ns", lambda: 1_800_000_000_900_000_000)
    write("one", "two")
    ran = edge("log", "pump")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "2027-01-15T08:00:00Z [stdout] one\n2027-01-15T08:00:00Z [stdout] two\n"
    assert edge("log", "pump", "--json").document == {
        "plugin": "pump",
        "lines": [
            {"time": 1_800_000_000, "kind": "stdout", "text": "one"},
            {"time": 1_800_000_000, "kind": "stdout", "text": "two"},
        ],
    }


def test_the_last_lines(edge: Edge) -> None:
    write("one", "two", "three")
    ran = edge("log", "pump", "--last", "2", "--json")
    assert [line["text"] for line in ran.document["lines"]] == ["two", "three"]
    assert len(edge("log", "pump", "--last", "9", "--json").document["lines"]) == 3


def test_who_logged_nothing(edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move(monkeypatch, tmp_path)
    pretend("pump")
    ran = edge("log", "pump")
    assert (ran.status, ran.out) == (0, "")
    assert "pump has logged nothing" in ran.err
    assert edge("log", "pump", "--json").document["lines"] == []


@pytest.mark.parametrize("name", ["../pump", "Pump", ""])
def test_what_is_no_name_is_wrong_usage(edge: Edge, name: str) -> None:
    ran = edge("log", name)
    assert (ran.status, ran.out) == (2, "")


def test_following_shows_what_comes_until_it_is_interrupted() -> None:
    write("before", "one")
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "log", "pump", "--follow", "--last", "1", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    with process, process.stdout as out:
        assert json.loads(out.readline())["text"] == "one"
        write("two")
        assert json.loads(out.readline())["text"] == "two"
        process.send_signal(signal.SIGINT)
        assert (process.wait(), out.read()) == (130, "")
