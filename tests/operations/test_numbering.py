"""Releases of plugins that are compiled here go up with their versions, however those are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors, store
from edge.manifest import Manifest
from edge.operations.install import install
from edge.operations.numbering import number_of
from edge.store import lifecycle
from edge.store.install import Outcome
from tests.support import packages


@pytest.fixture
def put_folder(tmp_path: Path, wasm: Callable[[str], Path]) -> Callable[..., Outcome]:
    """Installs a folder of that version."""

    def act(version: str, more: str = "", *, again: bool = False) -> Outcome:
        folder = tmp_path / "weather"
        folder.mkdir(exist_ok=True)
        (folder / "a.wasm").write_bytes(wasm("faults").read_bytes())
        (folder / "manifest.toml").write_text(packages.manifest_of("weather", version, more))
        return install(str(folder), most_bytes=1 << 24, again=again, say=print, draw=print)

    return act


@pytest.mark.parametrize(
    ("older", "newer", "number"),
    [
        ("2024.1.0", "2024.2.0", 2_024_002_000),
        ("v1.0", "v1.1", 1_001_000),
        ("1.0.0-rc.1", "1.0.0-rc.2", 2),
        ("1.0.0-rc.1", "1.0.0", 1_000_000),
        ("1.0.999", "1.0.1000", 1_001_000),
        ("1.2", "1.2.0.1", 1_002_001),
        ("2026-01-30", "2026-02-01", 2),
    ],
)
def test_a_newer_version_is_an_upgrade(
    put_folder: Callable[..., Outcome], older: str, newer: str, number: int
) -> None:
    put_folder(older)
    assert put_folder(older).change == "nothing"
    done = put_folder(newer)
    assert (done.change, done.number) == ("upgraded", number)
    assert put_folder(newer).change == "nothing"
    with pytest.raises(errors.Downgrade):
        put_folder(older)


def test_an_older_version_is_none_after_a_removal_either(put_folder: Callable[..., Outcome]) -> None:
    put_folder("1.0.0-rc.2")
    lifecycle.remove("weather")
    with pytest.raises(errors.Downgrade, match=r"1.0.0-rc.1 is older than 1.0.0-rc.2") as found:
        put_folder("1.0.0-rc.1")
    assert "edge remove weather --forget" in found.value.remedy
    lifecycle.remove("weather", forget=True)
    assert put_folder("1.0.0-rc.1").change == "installed"


def test_a_version_that_has_no_order_asks_for_a_number(put_folder: Callable[..., Outcome]) -> None:
    with pytest.raises(errors.BadManifest, match="it is not known which version follows banana") as found:
        put_folder("banana")
    assert "release = 1 under [edge]" in found.value.remedy
    assert put_folder("banana", "[edge]\nrelease = 1\n").number == 1
    with pytest.raises(errors.BadManifest) as found:
        put_folder("cherry")
    assert "release = 2 under [edge]" in found.value.remedy
    assert put_folder("cherry", "[edge]\nrelease = 2\n").change == "upgraded"


def test_the_same_version_with_other_contents_is_told(put_folder: Callable[..., Outcome]) -> None:
    put_folder("1.0.0-rc.1")
    more = 'description = "other"\n'
    with pytest.raises(errors.Downgrade, match="was installed before with different contents"):
        put_folder("1.0.0-rc.1", more)
    assert put_folder("1.0.0-rc.1", more, again=True).change == "upgraded"


def number(version: str, release: int = 0, **known: Any) -> int:
    """For a plugin whose record says that."""
    found = store.Record("weather", **known) if known else None
    return number_of(Manifest(fields={"name": "weather", "version": version}, release=release), found)


def test_a_version_between_two_numbers_does_not_stop_the_next() -> None:
    assert number("1.0.1", 1_000_001, floor=1_000_001, newest_version="1.0.1-rc.1") == 1_000_002


def test_a_named_number_holds_as_it_is() -> None:
    assert number("1.0.0", 7, floor=9, newest_version="2.0.0") == 7


def test_a_record_of_an_older_edge_goes_by_numbers_alone() -> None:
    assert number("1.0.0", 1_000_000, floor=2_000_000, newest="a") == 1_000_000
