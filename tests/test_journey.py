"""That one call and one installation stay short to follow, for who reads them and for a Pi Zero."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import journey

LIMITS = {
    # A reader holds some twenty files at once. It is close: a file that joins takes the place of another.
    # `edge/__init__.py` joins where `from edge import x` comes before x was imported: Python then asks the
    # package for the name first. `from edge.x import name` does not.
    "call": (20, 90),
    # The aim is 40 and 250. It goes down with what is brought together, and never up.
    "install": (76, 498),
}
"""Files that a command runs through at most, and moves between them."""


@pytest.mark.parametrize("command", LIMITS)
def test_a_command_runs_through_few_files_with_few_moves_between_them(
    command: str, wasm: Callable[[str], Path], tmp_path: Path
) -> None:
    found = journey.JOURNEYS[command](tmp_path, wasm(journey.PLUGIN))
    files, moves = LIMITS[command]
    assert len(found.files) <= files and found.moves <= moves, found
