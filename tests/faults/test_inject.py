"""kill -9 and failing disks at real system calls: a sample; all of them by `python -m tests.faults`."""

from __future__ import annotations

import zlib

import pytest

from tests.faults import inject
from tests.power import operations
from tests.power.judge import Bench, Case

KILLED = 6
"""One place of so many."""

FAILED = 12


@pytest.mark.parametrize("name", operations.OPERATIONS)
def test_a_kill_or_a_failing_disk_leaves_the_old_state_or_the_new(bench: Bench, name: str) -> None:
    case = Case(bench, name)
    places = inject.places(case)
    assert len(places) > 5
    # Another sample for each operation, and the same at every run.
    first = zlib.crc32(name.encode())
    complaints = []
    for at in places[first % KILLED :: KILLED]:
        complaints += [f"killed at {at}: {complaint}" for complaint in inject.kill(case, at)]
    for turn, at in enumerate(places[first % FAILED :: FAILED]):
        error = inject.ERRORS[turn % len(inject.ERRORS)]
        complaints += [f"{error} at {at}: {complaint}" for complaint in inject.fail(case, at, error)]
    assert complaints == []
