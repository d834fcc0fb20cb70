from __future__ import annotations

import threading
import time
from typing import Any, Callable, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import Call, Limits, Plugin, errors
from edge.limits import NS
from edge.runtime.call import HOST_CALLS_PER_TURN
from edge.runtime.scheduler import Scheduler, Task
from tests.support import limits_guest
from tests.support.descriptors import descriptors

SLICE = 20_000
LONG = 50 * NS


@pytest.fixture(scope="module")
def guest() -> Plugin:
    return limits_guest.load()


def spinning(guest: Plugin, slices: int) -> Call:
    """A call that runs out of fuel in its last slice."""
    return guest.instance(Limits(fuel=slices * SLICE, slice_fuel=SLICE)).start("spin")


def asking(turns: int) -> Call:
    """A call that asks its host for so many turns."""
    return limits_guest.load().instance().start("ask", turns * HOST_CALLS_PER_TURN - 1)


def test_calls_answer_each_for_itself(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        tasks = [scheduler.add(guest.instance().start("grow-table", number)) for number in range(5)]
        scheduler.run()
    assert [task.result() for task in tasks] == [1, 2, 3, 4, 5]
    assert all(task.done for task in tasks)


def test_a_call_without_a_result_answers_none(guest: Plugin) -> None:
    scheduler = Scheduler()
    task = scheduler.add(guest.instance().start("ask", 0))
    scheduler.run()
    assert (task.results, task.result()) == ((), None)


class Turns:
    """Stands for a call that takes so many turns, and notes each of them."""

    def __init__(self, name: int, turns: int, log: list[int]) -> None:
        self.name = name
        self.left = turns
        self.log = log
        self.ready_at = 0
        self.cancelled = False
        self.wake: Callable[[], None] | None = None
        self.results: tuple[Any, ...] | None = None

    def step(self) -> bool:
        self.log.append(self.name)
        self.left -= 1
        self.results = () if not self.left else None
        return not self.left


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.data())
def test_between_two_turns_of_a_call_every_other_has_one_at_most(
    turns: list[int], data: st.DataObject
) -> None:
    log: list[int] = []
    scheduler = Scheduler()
    late = data.draw(st.integers(0, len(turns)))
    calls = [Turns(name, count, log) for name, count in enumerate(turns)]
    for call in calls[late:]:
        scheduler.add(cast("Call", call))
    for call in calls[:late]:
        scheduler.turn()
        scheduler.add(cast("Call", call))
    scheduler.run()
    assert [log.count(name) for name in range(len(turns))] == turns
    for name in range(len(turns)):
        places = [place for place, found in enumerate(log) if found == name]
        for first, second in zip(places, places[1:]):
            between = log[first + 1 : second]
            assert len(between) == len(set(between))


@given(st.lists(st.integers(1, 20), min_size=2, max_size=5))
def test_calls_that_never_wait_get_the_same_fuel(slices: list[int]) -> None:
    guest = limits_guest.load()
    with Scheduler() as scheduler:
        tasks = [scheduler.add(spinning(guest, count)) for count in slices]
        while scheduler.turn():
            spent = [task.call.instance.stats.fuel for task in tasks if not task.done]
            assert not spent or max(spent) - min(spent) <= SLICE
    assert [type(task.error) for task in tasks] == [errors.OutOfFuel] * len(slices)


def test_a_call_that_asks_a_lot_takes_turns_too(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        talker = scheduler.add(asking(turns=10))
        spinner = scheduler.add(spinning(guest, 6))
        while not spinner.done:
            assert scheduler.turn()
        assert not talker.done
        scheduler.run()
    assert talker.result() is None


def test_a_call_that_fails_does_not_disturb_the_others(guest: Plugin) -> None:
    def fail(_: Call) -> tuple[()]:
        raise KeyError("sensor")

    with Scheduler() as scheduler:
        bad = scheduler.add(limits_guest.load(fail).instance().start("ask", 1))
        worse = scheduler.add(guest.instance(Limits(host_calls=5)).start("ask", 9))
        good = scheduler.add(guest.instance().start("ask", 50))
        closed = scheduler.add(guest.instance().start("ask", 1))
        closed.call.instance.close()
        scheduler.run()
    assert good.result() is None
    with pytest.raises(errors.HostFailed, match="sensor"):
        bad.result()
    with pytest.raises(errors.OverLimit, match="host calls"):
        worse.result()
    with pytest.raises(errors.StateError, match="closed"):
        closed.result()


def test_a_sleeping_call_holds_nobody_up(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        sleeper = scheduler.add(guest.instance(Limits(deadline=100)).start("sleep", LONG))
        busy = scheduler.add(spinning(guest, 20))
        while not busy.done:
            assert scheduler.turn()
        assert scheduler.tasks() == [sleeper]


def test_sleeping_calls_use_no_processor_and_wake_in_order(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        naps = [0.4, 0.2, 0.3]
        tasks = [scheduler.add(guest.instance().start("sleep", int(nap * NS))) for nap in naps]
        used, finished = time.process_time(), list[Task]()
        while scheduler.turn():
            finished += [task for task in tasks if task.done and task not in finished]
        assert time.process_time() - used < 0.2
    assert finished == [tasks[1], tasks[2], tasks[0]]


def test_a_sleeping_call_is_cancelled_at_once(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        task = scheduler.add(guest.instance(Limits(deadline=100)).start("sleep", LONG))
        timer = threading.Timer(0.1, task.call.cancel)
        timer.start()
        started = time.monotonic()
        scheduler.run()
        timer.join()
    assert isinstance(task.error, errors.Cancelled)
    assert time.monotonic() - started < 30


def test_a_call_that_computes_is_cancelled_and_the_others_go_on(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        endless = scheduler.add(guest.instance(Limits(fuel=10**15)).start("spin"))
        other = scheduler.add(spinning(guest, 30))
        timer = threading.Timer(0.1, endless.call.cancel)
        timer.start()
        scheduler.run()
        timer.join()
    assert isinstance(endless.error, errors.Cancelled)
    assert isinstance(other.error, errors.OutOfFuel)


def test_a_call_that_is_added_ends_the_sleep(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        sleeper = scheduler.add(guest.instance(Limits(deadline=100)).start("sleep", LONG))
        added: list[Task] = []

        def add() -> None:
            added.append(scheduler.add(guest.instance().start("ask", 1)))

        timer = threading.Timer(0.1, add)
        timer.start()
        while not (added and added[0].done):
            assert scheduler.turn()
        timer.join()
        assert not sleeper.done


def test_a_deadline_ends_a_call_that_sleeps(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        task = scheduler.add(guest.instance(Limits(deadline=0.1)).start("sleep", LONG))
        scheduler.run()
    assert isinstance(task.error, errors.DeadlineExceeded)


def test_closing_frees_what_is_not_over(guest: Plugin) -> None:
    with Scheduler() as scheduler:
        done = scheduler.add(guest.instance().start("ask", 1))
        scheduler.run()
        open_ = [scheduler.add(spinning(guest, 99)), scheduler.add(guest.instance().start("sleep", LONG))]
        for _ in range(3):
            scheduler.turn()
    assert done.call.instance.stats.host_calls == 1
    for task in open_:
        with pytest.raises(errors.StateError, match="closed"):
            task.call.step()
    with pytest.raises(errors.StateError, match="closed"):
        scheduler.add(guest.instance().start("ask", 1))


def test_an_interrupt_passes_and_frees_all(guest: Plugin) -> None:
    def interrupt(_: Call) -> tuple[()]:
        raise KeyboardInterrupt

    scheduler = Scheduler()
    tasks = [
        scheduler.add(spinning(guest, 99)),
        scheduler.add(limits_guest.load(interrupt).instance().start("ask", 1)),
    ]
    with pytest.raises(KeyboardInterrupt):
        scheduler.run()
    for task in tasks:
        with pytest.raises(errors.StateError, match="closed"):
            task.call.step()


def test_it_leaves_no_descriptor_when_all_is_over(guest: Plugin) -> None:
    scheduler = Scheduler()
    before = len(descriptors())
    scheduler.add(guest.instance().start("sleep", NS // 100))
    scheduler.run()
    assert len(descriptors()) == before
