"""A process that is killed, one that does it again, and a power cut; in full: `tests.power --killed`."""

from __future__ import annotations

from random import Random

import pytest

from tests.power.disk import Sync
from tests.power.judge import Bench, Case, Tried, kill_and_cut

KILLED = (
    "upgrade",  # behind the rename of a record that nobody synced: whoever comes then must not build on it
    "remove",
    "first-secret",  # with a key that nobody synced
    "first-trust",  # the first entry of an audit log whose folder nobody synced
)


@pytest.mark.parametrize("name", KILLED)
def test_who_was_killed_before_a_folder_was_synced_misleads_nobody(bench: Bench, name: str) -> None:
    case, tried = Case(bench, name), Tried()
    nodes = case.disk.nodes
    places = [
        at
        for at, next_one in enumerate(case.disk.operations)
        if isinstance(next_one, Sync) and nodes[next_one.node].is_folder
    ]
    kill_and_cut(case, tried, Random(name), 0, places)
    assert tried.complaints == []
