"""Generated modules on the emulated Pi Zero: the same answers for the same fuel as here."""

from __future__ import annotations

import os

from tests.differential import compare

MODULES = int(os.environ.get("EDGE_DIFFERENTIAL", "200")) // 10


def test_the_board_answers_as_this_machine_does() -> None:
    wasms = compare.components(range(MODULES))
    assert compare.differences(compare.native_answers(wasms), compare.board_answers(wasms)) == []
