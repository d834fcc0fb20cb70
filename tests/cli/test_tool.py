"""What a tool says and a plugin logs, at a terminal and elsewhere."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import plugin_log
from edge.cli import call, tool
from edge.interfaces.logging import Logging
from tests.support import packages
from tests.support.home import LOCAL, move
from tests.support.terminal import typed

Edge = Callable[..., Any]
Wasm = Callable[[str], Path]

LINES = call.MAX_LINES + 50
CALL = ("call", "faults", json.dumps({"do": "log-flood", "count": LINES, "text": "much"}))


def event(message: str) -> dict[str, Any]:
    return {
        "function-name": "faults::execute",
        "action": "note",
        "outcome": None,
        "duration-ms": None,
        "attrs": None,
        "message": message,
    }


class Caller:
    """A call, as far as logging knows it."""

    plugin = "faults"

    def __init__(self, left: int) -> None:
        self.instance = self
        self.left = left
        self.dropped = 0

    def take_log_room(self, count: int) -> int:
        room = min(count, self.left)
        self.left -= room
        self.dropped += count - room
        return room


@pytest.fixture(autouse=True)
def machine(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, wasm: Callable[[str], Path], edge: Edge
) -> Iterator[None]:
    """A machine with a plugin that logs a lot."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    package = tmp_path / "faults.edge"
    package.write_bytes(packages.package(wasm("faults"), name="faults"))
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        assert edge("install", package).status == 0
        yield


def test_at_a_terminal_it_ends_where_it_is_too_much(edge: Edge) -> None:
    ended, shown = typed([sys.executable, "-m", "edge", *CALL])
    assert (ended, shown.count(b"much")) == (0, call.MAX_LINES)
    assert b"edge: 50 more lines: edge log faults\r\n" in shown
    assert edge("log", "faults").out.count("much") == LINES


def test_a_file_takes_all_of_it(edge: Edge) -> None:
    assert edge(*CALL).err.count("much") == LINES


def test_quiet_it_is_only_kept(edge: Edge) -> None:
    ran = edge(*CALL, "--quiet")
    assert (ran.status, ran.err) == (0, "")
    assert edge("log", "faults").out.count("much") == LINES


def test_streams_are_shown_line_by_line_behind_the_name(capfd: pytest.CaptureFixture[str]) -> None:
    log = tool.GuestLog("faults")
    log.write(1, b"edge: audit: {}\n\x1b[2J\r\nha")
    log.write(2, b"edge: it is done")
    log.write(1, b"lf\nlast")
    assert capfd.readouterr().err == "faults| edge: audit: {}\nfaults| \\x1b[2J\nfaults| half\n"
    log.log("faults", "info", event("edge: audit: {}"))
    log.end()
    said = capfd.readouterr().err
    assert said == (
        "faults| edge: it is done\nfaults| last\nfaults [info] faults::execute note: edge: audit: {}\n"
    )


def test_a_name_that_is_none_can_not_pass_for_a_line_of_edge(capfd: pytest.CaptureFixture[str]) -> None:
    log = tool.GuestLog("edge: audit: {}\nedge")
    log.write(1, b"x\n")
    assert capfd.readouterr().err == r"'edge: audit: {}\nedge'| x" + "\n"


@pytest.mark.parametrize("piece", [b"\n", b"\x1b\n", b"\x7f", b"\xff", "\u202e".encode(), b"x" * 99 + b"\n"])
def test_what_is_shown_of_a_call_is_bounded_whatever_it_is(
    capfd: pytest.CaptureFixture[str], piece: bytes
) -> None:
    count = 64_000
    log = tool.GuestLog("n" * 128, log_bytes=count)
    written = piece * (count // len(piece))
    for at in range(0, count, 5000):
        log.write(1, written[at : at + 5000])
    log.end("edge log faults")
    said = capfd.readouterr().err.encode()
    assert len(said) <= tool.GROWTH * count + 1000
    assert all(line.startswith((b"n" * 128 + b"| ", b"edge: ")) for line in said.splitlines())
    if piece == b"\n":
        shown = said.count(b"n" * 128)
        assert f"edge: {count - shown} more lines: edge log faults\n".encode() in said


@pytest.mark.parametrize("lines", [0, 200])
def test_what_is_left_out_is_counted(capfd: pytest.CaptureFixture[str], lines: int) -> None:
    log = tool.GuestLog("faults", log_bytes=1000, lines=lines)
    for _ in range(3):
        log.write(1, b"x" * 1500 + b"\n")
    log.write(1, b"end")
    log.end()
    said = capfd.readouterr().err
    assert said.count("x") == 2 * 1500
    assert said.endswith("edge: 2 more lines of its log\n")


def test_an_event_of_megabytes_costs_little(capfd: pytest.CaptureFixture[str]) -> None:
    keep, _ = plugin_log.sink("faults")
    shown = tool.GuestLog("faults")

    def sink(plugin: str, level: str, found: dict[str, Any]) -> None:
        shown.log(plugin, level, found)
        keep(plugin, level, found)

    size = 3_900_000
    record = Logging(sink).functions["log-record"]
    record(Caller(1000), "info", event("once"))
    found = event("\x7f" * size)
    caller = Caller(64 << 10)
    tracemalloc.start()
    record(caller, "info", found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size // 8
    assert len(capfd.readouterr().err) < 10_000
    assert caller.dropped == size + len("faults::execute") - (64 << 10)


def test_what_a_tool_says_at_the_size_of_a_crossing_does_not_grow(edge: Edge, wasm: Wasm) -> None:
    size = 3_900_000
    words = ("run", "--profile", "workstation", wasm("faults"))
    for fault in ({"do": "log-flood", "count": 3}, {"do": "error"}):
        ran = edge(*words, json.dumps({**fault, "text": "\x7f" * size}, ensure_ascii=False))
        assert len(ran.err) < 3 * 10_000, fault
        assert "\x7f" not in ran.err
    assert r"edge: faults says: \x7f\x7f" in ran.err
    shown = ran.err.count(r"\x7f")
    assert ran.err.endswith(f"... {size - shown} more\n")


def test_what_is_over_the_limit_is_dropped_and_counted(edge: Edge, wasm: Wasm) -> None:
    flood = json.dumps({"do": "log-flood", "count": 30, "text": "x" * 10_000})
    ran = edge("run", wasm("faults"), flood)
    assert (ran.status, ran.out) == (0, "30\n")
    dropped = 30 * (10_000 + len("faults::execute")) - (64 << 10)
    assert ran.err.endswith(f"faults| [{dropped} more bytes were dropped]\n")
    assert len(ran.err) < 64 << 10


def test_events_are_shown_behind_the_installed_name(capfd: pytest.CaptureFixture[str]) -> None:
    log = tool.GuestLog("pump")
    log.log("weather", "info", event("on"))
    assert capfd.readouterr().err == "pump [info] faults::execute note: on\n"
