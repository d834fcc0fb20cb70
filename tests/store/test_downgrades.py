"""Sequences of what an operator may do to a plugin, against a model: no release comes back silently.

EDGE_SEQUENCES says how many; `make test-full` tries 500.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import pytest

from edge import audit, errors, store
from edge.audit import rotating_file
from edge.store import lifecycle, selfcheck
from edge.store.install import Outcome
from edge.store.parts import description_of, manifest_of
from edge.store.release import ID_DIGITS, Kept
from edge.store.verify import fault_of
from tests.store.running import load

Put = Callable[..., Outcome]
Release = tuple[int, int]
"""Its number, and which variant of its contents."""

NAME = "faults"
SEQUENCES = int(os.environ.get("EDGE_SEQUENCES", "40"))
STEPS = 16
RELEASES = 6
VARIANTS = 2
OFTEN = {
    "install": 7,
    "install --again": 2,
    "rollback": 3,
    "disable": 1,
    "enable": 2,
    "remove": 1,
    "forget": 1,
}

PAST, FUTURE = 0.0, 4_102_444_800.0
CLOCKS = ((PAST,), (FUTURE,), (FUTURE, PAST))
"""1970, 2100, and one that is set back and forth: nothing may depend on what day it is."""

REFUSALS = (errors.Downgrade, errors.StateError, errors.NotInstalled)


class State(NamedTuple):
    """All that counts of a plugin."""

    current: Release | None = None
    previous: Release | None = None
    enabled: bool = False
    newest: Release | None = None


def after(state: State, step: str, wanted: Release) -> State | None:
    """What a step makes of it, None where it has to be refused; `wanted`: what is to be installed."""
    if step.startswith("install"):
        return _installed(state, wanted, again="--again" in step)
    if step == "forget":
        return State() if state.newest else None
    if state.current is None:
        return None
    if step == "remove":
        return State(newest=state.newest)
    if step == "rollback":
        return state._replace(current=state.previous, previous=state.current) if state.previous else None
    return state._replace(enabled=step == "enable")


def _installed(state: State, wanted: Release, *, again: bool) -> State | None:
    if wanted == state.current:
        return state
    if wanted == state.previous:
        return None
    if state.newest is not None and wanted != state.newest:
        (number, _), (floor, _) = wanted, state.newest
        if number < floor or (number == floor and not again):
            return None
    enabled = state.enabled or state.current is None
    return State(wanted, state.current, enabled, wanted)


class Store:
    """The real one; it remembers which folder each release got."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._ids: dict[Release, str] = {}

    def act(self, step: str, wanted: Release) -> bool:
        """Does a step; whether it was not refused."""
        try:
            self._act(step, wanted)
        except REFUSALS:
            return False
        return True

    def _act(self, step: str, wanted: Release) -> None:
        if step.startswith("install"):
            number, variant = wanted
            manifest = f'description = "variant {variant}"\n'
            now = self._put(number, manifest=manifest, again="--again" in step).record
            assert self._ids.setdefault(wanted, now.current[:ID_DIGITS]) == now.current[:ID_DIGITS]
        elif step in ("remove", "forget"):
            lifecycle.remove(NAME, forget=step == "forget")
        elif step == "enable":
            lifecycle.enable(NAME, consent=lambda _: True)
        else:
            {"disable": lifecycle.disable, "rollback": lifecycle.rollback}[step](NAME)

    def state(self) -> State:
        """What it says now."""
        found = store.find(NAME)
        if found is None:
            return State()
        current, previous, newest = map(self._named, (found.current, found.previous, found.newest))
        assert found.floor == (newest[0] if newest else 0)
        return State(current, previous, found.enabled, newest)

    def _named(self, folder: str) -> Release | None:
        return next((one for one, digest in self._ids.items() if folder[:ID_DIGITS] == digest), None)


def answers(state: State) -> None:
    """What is current answers where it is enabled, and what is kept would start."""
    found = store.find(NAME)
    assert found is not None
    for folder, release in ((found.current, state.current), (found.previous, state.previous)):
        if release is None:
            assert folder == ""
            continue
        assert fault_of(folder, NAME) is None
        assert description_of(folder)["release"] == release[0]
        kept = selfcheck.load(Kept(folder, manifest_of(folder), interpret=found.interpret), None)
        assert kept.call({"do": "nothing"}).success
    if state.enabled:
        assert load(NAME).plugin.call({"do": "nothing"}).success
    elif state.current is not None:
        with pytest.raises(errors.NotEnabled):
            load(NAME)


def set_clock(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "time_ns", lambda: int(now * 1e9))
    # It has a name of its own for it.
    monkeypatch.setattr(rotating_file, "time", lambda: now)


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_no_release_comes_back_silently(put: Put, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random, clocks = Random(seed), CLOCKS[seed % len(CLOCKS)]
    state, real, done = State(), Store(put), []
    for turn in range(STEPS):
        set_clock(monkeypatch, clocks[turn % len(clocks)])
        (step,) = random.choices(list(OFTEN), tuple(OFTEN.values()))
        wanted = random.randint(1, RELEASES), random.randrange(VARIANTS)
        expected = after(state, step, wanted)
        done.append(f"{step} {wanted if step.startswith('install') else ''}")
        assert real.act(step, wanted) is (expected is not None), done
        state = expected or state
        assert real.state() == state, done
        if state.current:
            answers(state)
    assert audit.verify() == []
    assert {entry["time"] for entry in audit.entries()} <= set(clocks)
