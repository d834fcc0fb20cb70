"""That one call and one installation stay short to follow, for whoever reads them and for a Pi Zero."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests import journey

# Files that a command runs through, and moves between them. A reader holds some twenty names at once; a move
# is a question to another file. What grows over this is brought together, or asked once.
CALL = (20, 90)


def test_a_call_runs_through_few_files_with_few_moves_between_them(
    wasm: Callable[[str], Path], tmp_path: Path
) -> None:
    found = journey.call(tmp_path, wasm(journey.PLUGIN))
    assert (len(found.files), found.moves) <= CALL, found
    assert found.moves <= CALL[1], found
