"""Sequences of installations and what undoes them, against a model: no release comes back silently.

EDGE_SEQUENCES says how many; `make test-full` tries 500.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from edge import errors
from edge.store import lifecycle, record
from edge.store.install import Outcome
from tests.store.running import load

Put = Callable[..., Outcome]

NAME = "faults"
SEQUENCES = int(os.environ.get("EDGE_SEQUENCES", "40"))
STEPS = 14
RELEASES = 5
CLOCKS = (0.0, 4_102_444_800.0)
"""1970 and 2100: nothing may depend on what day it is."""


class Model:
    """What there should be: releases as number and variant of their contents."""

    def __init__(self) -> None:
        self.current: tuple[int, int] | None = None
        self.previous: tuple[int, int] | None = None
        self.floor = 0

    def install(self, number: int, variant: int) -> bool:
        """Whether it is taken."""
        wanted = (number, variant)
        if wanted == self.current:
            return True
        if number < self.floor or wanted == self.previous:
            return False
        if number == self.floor and self.current is not None:
            return False
        self.previous, self.current = self.current, wanted
        self.floor = number
        return True

    def rollback(self) -> bool:
        """Whether there is something to go back to."""
        if self.current is None or self.previous is None:
            return False
        self.current, self.previous = self.previous, self.current
        return True

    def remove(self, *, forget: bool) -> bool:
        """Whether there is something to remove."""
        if self.current is None and not (forget and self.floor):
            return False
        self.current = self.previous = None
        self.floor = 0 if forget else self.floor
        return True


def act(step: str, put: Put, random: Random, model: Model) -> tuple[bool, bool]:
    """Does one thing; whether it was expected to go well, and whether it did."""
    if step == "install":
        number, variant = random.randrange(1, RELEASES + 1), random.randrange(2)
        expected = model.install(number, variant)
        went = _goes(lambda: put(number, manifest=f'description = "variant {variant}"\n'))
    elif step == "rollback":
        expected, went = model.rollback(), _goes(lambda: lifecycle.rollback(NAME))
    else:
        forget = step == "forget"
        expected = model.remove(forget=forget)
        went = _goes(lambda: lifecycle.remove(NAME, forget=forget))
    return expected, went


def _goes(do: Callable[[], Any]) -> bool:
    try:
        do()
    except (errors.Downgrade, errors.StateError, errors.NotInstalled):
        return False
    return True


def check(model: Model) -> None:
    """What is there is what should be, and starts."""
    found = record.find(NAME)
    if model.current is None:
        assert found is None or not found.current
        assert (found.floor if found else 0) == model.floor
        return
    assert found is not None
    assert found.floor == model.floor
    assert bool(found.previous) == (model.previous is not None)
    loaded = load(NAME)
    assert loaded.plugin.description["release"] == model.current[0]
    assert loaded.plugin.call({"do": "nothing"}).success


def sequence(put: Put, seed: int) -> None:
    """One sequence, from nothing."""
    random, model = Random(seed), Model()
    lifecycle_of = ["install"] * 6 + ["rollback"] * 2 + ["remove", "forget"]
    for _ in range(STEPS):
        step = random.choice(lifecycle_of)
        expected, went = act(step, put, random, model)
        assert went is expected, f"sequence {seed}: {step} went {went}"
        check(model)
    if model.rollback():
        lifecycle.rollback(NAME)
        check(model)
    if record.find(NAME) is not None:
        lifecycle.remove(NAME, forget=True)


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_no_release_comes_back_silently(put: Put, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = CLOCKS[seed % len(CLOCKS)]
    monkeypatch.setattr(time, "time", lambda: clock)
    monkeypatch.setattr(time, "time_ns", lambda: int(clock * 1e9))
    sequence(put, seed)
