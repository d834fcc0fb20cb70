"""A place for each test to unpack into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.place import Place, Unpack


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


@pytest.fixture
def unpack(place: Place) -> Unpack:
    return place.unpack
