"""`python -m tests.faults.commands [NAME…]`: every command, killed and failing at each system call.

The name `recovery` is that of the store's recovery, which every command may begin with.

`--crowd [SECONDS]`: many commands at once instead, some of them killed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from unittest import mock

from edge.trust import key_file
from tests.faults.commands import crowd, recovery, table
from tests.faults.commands.machine import Place
from tests.faults.commands.table import Shop
from tests.faults.commands.verdict import Case

SHARED_MEMORY = "/dev/shm"
FIRST = 100
"""Of the calls of a command, so many are made to fail."""

DISK_ERRORS = ("ENOSPC", "EIO", "EROFS")
LASTING = ("mkdir", "fsync", "linkat", "rename", "unlink")
"""Calls of which none succeeds any more once one failed, as on a disk that is gone; other files have none."""

TWICE = 23
"""One pair of kills in so many."""

SHOWN = 12
CROWD = "--crowd"
RECOVERY = "recovery"
SECONDS = 60.0

Outcomes = list[tuple[str, list[str]]]


def main(words: Sequence[str]) -> int:
    """1 when something is wrong."""
    from cross import guests

    wasm = guests.build("faults")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as place:
        here = {"HOME": place, "XDG_RUNTIME_DIR": place, "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
        with mock.patch.dict(os.environ, here):
            shop = Shop(Path(place) / "shop", wasm, key_file.local_seed())
            if words[:1] == [CROWD]:
                return _crowd(shop, *map(float, words[1:]))
            return _all(shop, words)


def _all(shop: Shop, names: Sequence[str]) -> int:
    tried = wrong = 0
    for name in names or (*table.COMMANDS, RECOVERY):
        started = time.monotonic()
        tell, outcomes = _one(shop, name)
        found = _told(outcomes)
        tried, wrong = tried + len(outcomes), wrong + len(found)
        seconds = time.monotonic() - started
        print(f"{'FAILED' if found else 'ok':<6} {name}: {tell}, {seconds:.0f} s", flush=True)
        _show(found)
    print(f"{tried} interruptions, {wrong} complaints")
    return 1 if wrong else 0


def _one(shop: Shop, name: str) -> tuple[str, Outcomes]:
    if name == RECOVERY:
        harmed = recovery.Recovery(shop)
        outcomes = list(recovery.interruptions(harmed))
        return f"{len(harmed.places)} changes, {len(outcomes)} interruptions", outcomes
    case = Case(shop, name)
    outcomes = list(try_all(case))
    changes = len(case.changes())
    return (
        f"{changes} changes, {len(outcomes)} interruptions, {case.done_anyway} told as failed and done",
        outcomes,
    )


def _told(outcomes: Outcomes) -> list[str]:
    return [f"{said}: {complaint}" for said, complaints in outcomes for complaint in complaints]


def _show(found: list[str]) -> None:
    for complaint in found[:SHOWN]:
        print(f"       {complaint}")


def try_all(case: Case) -> Iterator[tuple[str, list[str]]]:
    """Every interruption, by what it is called, with what is wrong after it."""
    changes = case.changes()
    for place in changes:
        yield f"killed at {place}", case.kill(place)
    for one, two in list(product(changes, changes))[::TWICE]:
        yield f"killed at {one}, then at {two}", case.kill(one, two)
    for place in case.places[:FIRST]:
        for error in errors_at(place):
            yield f"{error} at {place}", case.fail(place, error)
        if place.call in LASTING:
            yield f"EIO at {place} and ever after", case.fail(place, "EIO", on=True)


def errors_at(place: Place) -> tuple[str, ...]:
    """How a call may fail."""
    if place.call == "flock":
        return ("ENOLCK",)
    return DISK_ERRORS if place.changes else ("EIO",)


def _crowd(shop: Shop, seconds: float = SECONDS) -> int:
    told = crowd.run(shop, seconds=seconds)
    print(told.summary())
    _show(told.complaints)
    return 1 if told.complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
