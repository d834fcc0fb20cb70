from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.interfaces.logging import to_stderr
from edge.text import LIMIT, event_line, safe

EVENT: dict[str, Any] = {
    "function-name": "pump::execute",
    "action": "read",
    "outcome": None,
    "duration-ms": None,
    "attrs": None,
    "message": "level is 7",
}


def test_an_event_is_one_line() -> None:
    assert event_line("info", EVENT) == "[info] pump::execute read: level is 7"


def test_what_is_optional_shows_when_it_is_there() -> None:
    event = {**EVENT, "outcome": "success", "duration-ms": 0, "attrs": '{"level":7}'}
    assert event_line("warn", event) == '[warn] pump::execute read success in 0 ms: level is 7 {"level":7}'


@given(st.text())
def test_nothing_that_a_plugin_writes_moves_the_cursor(message: str) -> None:
    assert event_line("info", {**EVENT, "message": message}).isprintable()


def test_what_is_cut_off_an_event_is_counted() -> None:
    head = "[info] pump::execute read: "
    shown = event_line("info", {**EVENT, "message": "x" * 5000, "attrs": "y" * 5000})
    kept = shown.count("x") - head.count("x")
    assert shown == f"{head}{'x' * kept}... {10_000 - kept + 1} more"
    assert len(shown) <= LIMIT


def test_control_characters_show_as_escapes() -> None:
    assert safe("a\n\x1b[2J\u202eé") == "a\\n\\x1b[2J\\u202eé"


def test_events_go_to_stderr_when_nobody_takes_them(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr("pump", "info", EVENT)
    assert capsys.readouterr().err == "pump [info] pump::execute read: level is 7\n"


@pytest.mark.parametrize("stream", [None, "closed"])
def test_where_nobody_listens_the_guest_goes_on(
    stream: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed if stream else None)
    to_stderr("pump", "info", EVENT)
    assert capsys.readouterr().out == ""
