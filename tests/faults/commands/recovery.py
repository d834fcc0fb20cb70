"""The recovery of a store in which everything that can be left behind is, interrupted itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from edge.store import records, removal
from edge.store.lock import locked
from tests.faults.commands.machine import Machine, Place, injecting
from tests.faults.commands.table import ALL, NAME, Shop, of
from tests.faults.commands.verdict import KILLED, NEUTRAL, left

STRAYS = ("0" * 64, "f" * 64)
"""Releases that no record names."""

NAMED = ("store/plugins", "store/calls", "config", "secrets")
"""Folders in which what is being written has a name, below data/edge."""

ERRORS = ("ENOSPC", "EIO", "EROFS")
TWICE = 7
"""One pair of kills in so many."""

UNKNOWN = 2
"""How `NEUTRAL` ends."""

Contents = dict[str, bytes]


class Recovery:
    """A machine with an unfinished removal, releases of nobody's, and half-written work, to be put in order.

    places  the calls of a recovery that change something
    """

    def __init__(self, shop: Shop) -> None:
        self.machine = Machine(shop.folder / "machine")
        self._command = of(*NEUTRAL)
        self._start = _harmed(shop, self.machine)
        self._begin()
        self.places = [place for place in self.machine.places(self._command, ends=UNKNOWN) if place.changes]
        self._done = contents(self.machine)
        if remains := [*left(self.machine)]:
            raise AssertionError(f"a recovery that nobody interrupts leaves {remains}")

    def kill(self, *places: Place) -> list[str]:
        """What is wrong once a recovery is done, after others were killed as they entered a call."""
        self._begin()
        for turn, place in enumerate(places):
            ended = self.machine.run(self._command, *injecting(place, "signal=KILL"))
            # What is left to do for the next may end before it comes to that call.
            if ended.status != KILLED and not turn:
                return [f"it was not killed but ended with {ended}"]
        return [*self._judged()]

    def fail(self, place: Place, error: str) -> list[str]:
        """What is wrong once a recovery is done, after a call of another failed."""
        self._begin()
        ended = self.machine.run(self._command, *injecting(place, f"error={error}"))
        trace = [f"a trace: {ended.err[-700:]}"] if "Traceback" in ended.err else []
        return [*trace, *self._judged()]

    def _begin(self) -> None:
        self.machine.become(self._start)

    def _judged(self) -> Iterator[str]:
        ended = self.machine.run(self._command)
        if ended.status != UNKNOWN:
            yield f"the last one ended with {ended}"
        now = contents(self.machine)
        for name in sorted({*now, *self._done}):
            if now.get(name) != self._done.get(name):
                yield f"{name} is {now.get(name)!r:.80}, and has to be {self._done.get(name)!r:.80}"


def interruptions(recovery: Recovery) -> Iterator[tuple[str, list[str]]]:
    """Every one of them, by what it is called, with what is wrong after it."""
    for place in recovery.places:
        yield f"killed at {place}", recovery.kill(place)
        for error in ERRORS:
            yield f"{error} at {place}", recovery.fail(place, error)
    for one, two in list(product(recovery.places, repeat=2))[::TWICE]:
        yield f"killed at {one}, then at {two}", recovery.kill(one, two)


def contents(machine: Machine) -> Contents:
    """Every file that lasts, but for the log: it tells when a removal was finished."""
    return {
        name: path.read_bytes()
        for place in ("data", "config")
        for path in sorted((machine.root / place).rglob("*"))
        if path.is_file() and not (name := str(path.relative_to(machine.root))).startswith("data/edge/audit/")
    }


def _harmed(shop: Shop, machine: Machine) -> Path:
    path = shop.folder / "start-harmed"
    if path.exists():
        return path
    machine.become(shop.start(ALL))
    with machine.here(), locked():
        removal.begin(records.get(NAME), forget=False)
    data = machine.root / "data/edge"
    for release in STRAYS:
        (data / "store/releases" / release).mkdir()
        (data / "store/releases" / release / "code").write_bytes(b"\0" * 4096)
    half = data / "store/staging/half/deep"
    half.mkdir(parents=True)
    (half / "code").write_bytes(b"half")
    for folder in NAMED:
        (data / folder / f".{NAME}.json.01ab23cd.tmp").write_bytes(b"{")
    shutil.copytree(machine.root, path, symlinks=True)
    return path
