"""A power cut after every system call; the full count is `python -m tests.power`."""

from __future__ import annotations

from random import Random

import pytest

from tests.power import operations
from tests.power.judge import Bench, Case, Tried, cut_everywhere

DRAWN = 2


@pytest.mark.parametrize("name", operations.OPERATIONS)
def test_a_cut_leaves_the_old_state_or_the_new(bench: Bench, name: str) -> None:
    case, tried = Case(bench, name), Tried()
    cut_everywhere(case, tried, Random(name), DRAWN)
    assert tried.complaints == []
    assert tried.trees > len(case.cuts()) / 2
    assert case.disk.done == len(case.disk.operations)
