from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import audit

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(st.characters()), plain))
def test_any_fact_is_one_short_line_of_printable_ascii(folder: Path, fact: dict[str, Any]) -> None:
    audit.append({**fact, "event": "test"})
    text = (folder / "log").read_bytes().splitlines(keepends=True)[-1]
    assert len(text) < 4096
    assert text.isascii()
    assert text[:-1].decode().isprintable()
    *_, entry = audit.entries()
    assert entry["event"] == "test"


@pytest.mark.usefixtures("folder")
@given(text=st.text(max_size=200), number=st.integers(-(1 << 62), 1 << 62))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_short_is_kept_as_it_is(text: str, number: int) -> None:
    fact = {"event": "test", "text": text, "number": number, "list": [text[:9], None, True], "half": 0.5}
    audit.append(fact)
    *_, entry = audit.entries()
    assert {name: entry[name] for name in fact} == fact


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("x" * 5000, "x" * 1024 + "... 3976 more"),
        ("\U0001f600" * 5000, "\U0001f600" * 256 + "... 4744 more"),
        (["x"] * 200, ["x"] * 128 + ["... 72 more"]),
        ({str(at): at for at in range(130)}, {**{str(at): at for at in range(128)}, "...": "2 more"}),
        ([[[[["deep"]]]]], [[["[['deep']]"]]]),
        (math.inf, "inf"),
        (1 << 70, str(1 << 70)),
        ("\ud800", "\\ud800"),
        (b"bytes", "b'bytes'"),
    ],
)
def test_what_is_long_or_no_json_is_cut_and_marked(value: Any, kept: Any) -> None:
    audit.append({"event": "test", "value of it": value})
    (entry,) = audit.entries()
    assert entry["value of it"] == kept


@pytest.mark.usefixtures("folder")
def test_what_can_not_be_cut_enough_is_marked_and_named() -> None:
    deep: Any = "\U0001f600" * 16
    for _ in range(3):
        deep = {deep if isinstance(deep, str) else "\U0001f600" * 16: deep, "\U0001f601" * 16: deep}
    audit.append({"event": "test", "plugin": "a", **{f"\U0001f600{at}" * 8: deep for at in range(2)}})
    (entry,) = audit.entries("a")
    assert entry["event"] == "test"


@pytest.mark.usefixtures("folder")
def test_names_of_the_log_are_not_the_facts() -> None:
    audit.append({"seq": 9, "prev": "x", "time": 1, "boot": "b", "event": "test"})
    audit.append({"event": "test"})
    assert [entry["seq"] for entry in audit.entries()] == [1, 2]
    assert audit.verify() == []


def test_values_of_secrets_are_not_kept(folder: Path) -> None:
    audit.append({"event": "secret", "property": "token", "value": "s3cret", "more": [{"token": "s3cret"}]})
    assert b"s3cret" not in (folder / "log").read_bytes()
    (entry,) = audit.entries()
    assert (entry["property"], entry["value"]) == ("token", "(not kept)")
