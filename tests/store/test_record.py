from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import errors, store
from edge.files import folders
from edge.store import Record, records

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ids = st.from_regex(r"([0-9a-f]{64}(-[0-9a-f]{8})?)?", fullmatch=True)
some_record = st.builds(
    Record,
    st.just("weather"),
    current=ids,
    previous=ids,
    enabled=st.booleans(),
    floor=st.integers(0, 2**53),
    newest=texts,
    origin=texts,
    remote=st.booleans(),
    previous_source=st.tuples(texts, st.booleans()),
    interpret=st.booleans(),
    consents=st.lists(st.lists(texts, min_size=1, max_size=3).map(tuple), max_size=3),
    approved=st.lists(ids, max_size=2),
)


@pytest.fixture(autouse=True)
def folder() -> None:
    folders.make(f"{store.root()}/plugins", 0o700)


def write(text: bytes) -> None:
    Path(store.record_path("weather")).write_bytes(text)


@given(some_record)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(known: Record) -> None:
    records.write(known)
    assert store.find("weather") == known


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_means_nothing_is_told(junk: bytes) -> None:
    write(junk)
    with pytest.raises(errors.StoreDamaged, match="not a valid plugin record"):
        store.find("weather")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("current", '"../../keys"'),
        ("current", '".hidden"'),
        ("previous", "7"),
        ("enabled", "1"),
        ("floor", "true"),
        ("floor", '"9"'),
        ("consents", '"all"'),
        ("consents", "[[1]]"),
        ("approved", '"here"'),
        ("approved", "[1]"),
        ("previous_source", '["here"]'),
        ("previous_source", '["here", 1]'),
        ("name", '"other"'),
        ("format", "2"),
        ("more", "1"),
    ],
)
def test_a_field_that_means_nothing_is_told(field: str, value: str) -> None:
    import json

    records.write(Record("weather"))
    document = json.loads(Path(store.record_path("weather")).read_bytes())
    document[field] = json.loads(value)
    write(json.dumps(document).encode())
    with pytest.raises(errors.StoreDamaged):
        store.find("weather")


def test_names_that_are_none_find_nothing() -> None:
    for name in ("", "..", "../plugins/weather", "a/b", "Weather", "weather.json/"):
        assert store.find(name) is None


def test_only_records_are_listed() -> None:
    records.write(Record("weather"))
    plugins = Path(store.root()) / "plugins"
    for name in (".weather.json.12.tmp", "No Name.json", "a.txt"):
        (plugins / name).write_bytes(b"")
    assert records.named() == ["weather"]


def test_every_write_is_another_file() -> None:
    records.write(Record("weather"))
    before = store.find("weather")
    records.write(Record("weather"))
    after = store.find("weather")
    assert before and after
    assert before.identity != after.identity
