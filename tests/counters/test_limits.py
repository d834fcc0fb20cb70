from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge import _native as native
from edge import errors
from edge.limits.admission import Counters, Slot
from edge.text import MAX_NAME
from tests.counters.holding import Clock

NAME_BYTES = native.COUNTED_NAME


class Model(RuleBasedStateMachine):
    """Counters that several holders share, against lists of what they should count."""

    NAMES = ("one", "two", "ü" * (NAME_BYTES // 2))
    ROOM = 100
    CONCURRENT = 3
    PER_MINUTE = 5

    def __init__(self) -> None:
        super().__init__()
        self.folder = ExitStack()
        from tempfile import TemporaryDirectory

        place = self.folder.enter_context(TemporaryDirectory())
        self.clock = Clock()
        self.all = [Counters(f"{place}/counters", seconds=self.clock) for _ in range(2)]
        self.live: list[tuple[str, int, Slot]] = []
        self.begun: list[tuple[str, float]] = []

    def teardown(self) -> None:
        for counters in self.all:
            counters.close()
        self.folder.close()

    @rule(who=st.integers(0, 1), name=st.sampled_from(NAMES), memory=st.integers(0, 60))
    def enter(self, who: int, name: str, memory: int) -> None:
        try:
            slot = self.all[who].enter(
                name, memory=memory, room=self.ROOM, concurrent=self.CONCURRENT, per_minute=self.PER_MINUTE
            )
        except errors.NotAdmitted:
            assert sum(held for _, held, _ in self.live) + memory > self.ROOM
        except errors.Busy:
            assert self.under_way(name) >= self.CONCURRENT
        except errors.RateExceeded:
            assert self.since(name, 61) >= self.PER_MINUTE
        else:
            self.live.append((name, memory, slot))
            self.begun.append((name, self.clock.now))
            assert sum(held for _, held, _ in self.live) <= self.ROOM
            assert self.under_way(name) <= self.CONCURRENT
            assert self.since(name, 60) <= self.PER_MINUTE

    def under_way(self, name: str) -> int:
        return sum(found == name for found, _, _ in self.live)

    def since(self, name: str, seconds: float) -> int:
        return sum(found == name and at > self.clock.now - seconds for found, at in self.begun)

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0))
    def leave(self, which: int) -> None:
        _, _, slot = self.live.pop(which % len(self.live))
        slot.close()
        slot.close()

    @rule(seconds=st.sampled_from([0.01, 0.5, 1, 3, 20, 59.5, 60, 61, 64, 200]))
    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def counts_what_is_under_way(self) -> None:
        expected = (len(self.live), sum(held for _, held, _ in self.live))
        assert all(counters.live() == expected for counters in self.all)


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.floats(0, 30, allow_nan=False), max_size=60))
@settings(max_examples=50)
def test_no_minute_has_more_calls_than_its_limit(pauses: list[float]) -> None:
    from tempfile import TemporaryDirectory

    clock = Clock()
    begun: list[float] = []
    with TemporaryDirectory() as folder, Counters(f"{folder}/c", seconds=clock) as counters:
        for pause in pauses:
            clock.now += pause
            try:
                counters.enter("rated", per_minute=4).close()
            except errors.RateExceeded:
                continue
            begun.append(clock.now)
    for start in begun:
        assert sum(start <= at < start + 60 for at in begun) <= 4


@given(st.lists(st.sampled_from([0, 0, 1, 2, 3, 10, 19, 20, 21, 30, 40, 58, 59, 60, 61, 62]), max_size=80))
@settings(max_examples=150)
def test_a_call_is_refused_as_long_as_its_limits_calls_began_in_the_last_minute(pauses: list[int]) -> None:
    from tempfile import TemporaryDirectory

    clock = Clock()
    begun: list[float] = []
    with TemporaryDirectory() as folder, Counters(f"{folder}/c", seconds=clock) as counters:
        for pause in pauses:
            clock.now += pause
            recent = [at for at in begun if at >= clock.now - 60]
            if len(recent) < 4:
                counters.enter("rated", per_minute=4).close()
                begun.append(clock.now)
                continue
            with pytest.raises(errors.RateExceeded) as caught:
                counters.enter("rated", per_minute=4)
            assert f"in {recent[0] + 61 - clock.now:.0f} s" in caught.value.remedy


def test_calls_of_the_time_to_come_count_for_nothing(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        clock.now = 9000
        counters.enter("rated", per_minute=1).close()
        clock.now = 1000
        counters.enter("rated", per_minute=1).close()
        # Who waited for the lock comes with a second that is over.
        clock.now = 999
        with pytest.raises(errors.RateExceeded):
            counters.enter("rated", per_minute=1)


def test_a_refused_call_is_told_when_the_next_one_fits(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        counters.enter("rated", per_minute=1).close()
        clock.now += 10
        with pytest.raises(errors.RateExceeded, match="rated: the limit of 1 call a minute") as caught:
            counters.enter("rated", per_minute=1)
        assert "in 51 s" in caught.value.remedy
        clock.now += 51
        counters.enter("rated", per_minute=1).close()


def test_what_is_refused_is_not_counted(path: str) -> None:
    with Counters(path, seconds=Clock()) as counters:
        for _ in range(5):
            with pytest.raises(errors.NotAdmitted):
                counters.enter("x", memory=2, room=1, per_minute=1)
        assert counters.live() == (0, 0)
        counters.enter("x", memory=1, room=1, per_minute=1).close()


def test_each_plugin_has_limits_of_its_own(path: str) -> None:
    with Counters(path) as counters, counters.enter("one", concurrent=1, per_minute=1):
        with pytest.raises(errors.Busy, match="one: 1 call is running; the limit is 1"):
            counters.enter("one", concurrent=1)
        counters.enter("two", concurrent=1, per_minute=1).close()


def test_memory_is_one_sum_for_all(path: str) -> None:
    with Counters(path) as counters, counters.enter("one", memory=60 << 20, room=100 << 20):
        message = (
            "two may use 50.0 MB, 1 other may use 60.0 MB, and 100.0 MB are available of the small board"
        )
        with pytest.raises(errors.NotAdmitted, match=message) as caught:
            counters.enter("two", memory=50 << 20, room=100 << 20, explain=lambda: " of the small board")
        assert caught.value.exit_code == 5


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Counters]]:
    """The counters of one user, as seen from a place for data."""
    from tempfile import TemporaryDirectory

    def at(place: str) -> Counters:
        monkeypatch.setenv("XDG_DATA_HOME", place)
        return Counters()

    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield at


def test_places_for_data_share_the_memory_and_not_the_names(users: Callable[[str], Counters]) -> None:
    one = users("/one")
    one.enter("pump", memory=7, concurrent=1, per_minute=1)
    two = users("/two")
    two.enter("pump", memory=7, concurrent=1, per_minute=1)
    assert one.live() == two.live() == (2, 14)
    with pytest.raises(errors.Busy, match="^pump: 1 call is"):
        two.enter("pump", concurrent=1)
    with pytest.raises(errors.NotAdmitted):
        two.enter("other", memory=7, room=20)


def test_names_of_any_length_that_plugins_have_are_told_apart(users: Callable[[str], Counters]) -> None:
    counters = users("/one")
    for name in ("x" * MAX_NAME, "x" * (MAX_NAME - 1), "x" * (MAX_NAME - 1) + "y", "x" * 43, "x" * 44):
        counters.enter(name, per_minute=1).close()
        with pytest.raises(errors.RateExceeded, match=f"^{name}: "):
            counters.enter(name, per_minute=1)
