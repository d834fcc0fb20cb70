"""What a plugin logs, at a terminal and elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge.cli import told
from tests import packages
from tests.home import LOCAL, move
from tests.terminal import typed

Edge = Callable[..., Any]

LINES = told.MOST_LINES + 50
CALL = ("call", "faults", json.dumps({"do": "log-flood", "count": LINES, "text": "much"}))


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
    assert (ended, shown.count(b"much")) == (0, told.MOST_LINES)
    assert b"edge: 50 more lines: edge log faults\r\n" in shown
    assert edge("log", "faults").out.count("much") == LINES


def test_a_file_takes_all_of_it(edge: Edge) -> None:
    assert edge(*CALL).err.count("much") == LINES


def test_quiet_it_is_only_kept(edge: Edge) -> None:
    ran = edge(*CALL, "--quiet")
    assert (ran.status, ran.err) == (0, "")
    assert edge("log", "faults").out.count("much") == LINES


def test_one_long_text_is_cut_and_that_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    talk = told.Told()
    talk.pass_on(1, b"x" * (3 * told.MOST_LETTERS))
    talk.end("faults")
    said = capfd.readouterr().err
    assert said.count("x") == told.MOST_LETTERS
    assert said.endswith("edge: 1 more line: edge log faults\n")


def test_what_ends_no_line_is_too_much_as_well(capfd: pytest.CaptureFixture[str]) -> None:
    talk = told.Told()
    for _ in range(100):
        talk.pass_on(1, b"x" * 1000)
    talk.pass_on(1, b"\none\ntwo\n")
    talk.end("faults")
    said = capfd.readouterr().err
    assert said.count("x") == told.MOST_LETTERS
    assert said.endswith("edge: 3 more lines: edge log faults\n")
