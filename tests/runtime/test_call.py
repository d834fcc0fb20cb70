from __future__ import annotations

import enum
import gc
import json
import re
import threading
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import Call, Interface, Limits, Plugin, Runtime, errors
from edge.limits import NS
from edge.runtime.call import HOST_CALLS_PER_TURN
from tests.support import limits_guest

ECHO = "edge:types/echo@0.1.0"
RELAY = "edge:types/relay@0.1.0"
EXECUTE = "zeroclaw:plugin/tool@0.1.0#execute"

Artifact = Callable[[str], Path]
HostFunction = Callable[..., tuple[Any, ...]]


WIT = Path(__file__).parent.parent / "guests" / "types" / "wit" / "types.wit"
NAMES = ["nothing", *re.findall(r"(echo-[\w-]+):", WIT.read_text())]


@pytest.fixture(scope="module")
def types(artifact: Artifact) -> Callable[[HostFunction], Plugin]:
    """A plugin of which every import is the function that is given."""
    runtime = Runtime()
    return lambda function: runtime.load(
        str(artifact("types")), interfaces=[Interface(ECHO, dict.fromkeys(NAMES, function))]
    )


@pytest.fixture(scope="module")
def faults(artifact: Artifact) -> Plugin:
    return Runtime().load(str(artifact("faults")))


def test_host_functions_get_the_call_and_the_parameters(types: Callable[[HostFunction], Plugin]) -> None:
    seen: list[tuple[Any, ...]] = []

    def record(call: Call, value: int) -> tuple[int]:
        seen.append((call.function, value))
        return (value + 1,)

    with types(record).instance() as instance:
        assert instance.call(f"{RELAY}#relay-u8", 7) == 8
    assert seen == [(f"{RELAY}#relay-u8", 7)]


def test_a_host_function_that_raises_ends_the_call_and_is_its_cause(
    types: Callable[[HostFunction], Plugin],
) -> None:
    failure = KeyError("sensor")

    def fail(*_: object) -> tuple[int]:
        raise failure

    instance = types(fail).instance()
    with pytest.raises(errors.HostFailed, match=f"KeyError: 'sensor' in {ECHO}#echo-u8") as caught:
        instance.call(f"{RELAY}#relay-u8", 7)
    assert caught.value.__cause__ is failure


@pytest.mark.parametrize("answer", [(256,), ("7",), (), (1, 2), (None,)])
def test_an_answer_of_another_type_names_the_host_function(
    types: Callable[[HostFunction], Plugin], answer: tuple[Any, ...]
) -> None:
    instance = types(lambda *_: answer).instance()
    with pytest.raises(errors.ValueMismatch, match=f"in the answer of {ECHO}#echo-u8"):
        instance.call(f"{RELAY}#relay-u8", 7)


def test_an_answer_that_is_no_plain_data_ends_the_call(types: Callable[[HostFunction], Plugin]) -> None:
    with pytest.raises(errors.HostFailed, match="ValueMismatch: A object is not plain data"):
        types(lambda *_: (object(),)).instance().call(f"{RELAY}#relay-u8", 7)


def test_an_answer_may_be_an_enumeration(types: Callable[[HostFunction], Plugin]) -> None:
    class Level(enum.IntEnum):
        HIGH = 9

    assert types(lambda *_: (Level.HIGH,)).instance().call(f"{RELAY}#relay-u8", 7) == 9


def test_a_value_error_of_a_host_function_is_its_own(types: Callable[[HostFunction], Plugin]) -> None:
    def fail(*_: object) -> tuple[int]:
        raise ValueError("unmarshallable object")

    with pytest.raises(errors.HostFailed, match="ValueError: unmarshallable object"):
        types(fail).instance().call(f"{RELAY}#relay-u8", 7)


def test_a_host_function_may_close_the_instance(types: Callable[[HostFunction], Plugin]) -> None:
    def close(call: Call, _: int) -> tuple[int]:
        call.instance.close()
        return (1,)

    with pytest.raises(errors.StateError, match="closed"):
        types(close).instance().call(f"{RELAY}#relay-u8", 7)


def test_a_host_function_can_not_step_its_own_call(types: Callable[[HostFunction], Plugin]) -> None:
    def step(call: Call, _: int) -> tuple[int]:
        call.step()
        return (1,)

    with pytest.raises(errors.HostFailed) as caught:
        types(step).instance().call(f"{RELAY}#relay-u8", 7)
    assert isinstance(caught.value.__cause__, errors.StateError)


def test_an_interrupt_in_a_host_function_passes_and_closes_the_instance(
    types: Callable[[HostFunction], Plugin],
) -> None:
    def interrupt(*_: object) -> tuple[int]:
        raise KeyboardInterrupt

    instance = types(interrupt).instance()
    with pytest.raises(KeyboardInterrupt):
        instance.call(f"{RELAY}#relay-u8", 7)
    with pytest.raises(errors.StateError, match="closed"):
        instance.call(f"{RELAY}#relay-u8", 7)


def test_a_host_function_may_call_another_instance(types: Callable[[HostFunction], Plugin]) -> None:
    inner = types(lambda _, value: (value * 2,)).instance()
    outer = types(lambda _, value: (inner.call(f"{RELAY}#relay-u8", value) + 1,)).instance()
    assert outer.call(f"{RELAY}#relay-u8", 7) == 15


def test_handles_live_as_long_as_they_are_needed(artifact: Artifact) -> None:
    def collect(_: object, value: int) -> tuple[int]:
        gc.collect()
        return (value,)

    host = Interface(ECHO, dict.fromkeys(NAMES, collect))
    instance = Runtime().load(str(artifact("types")), interfaces=[host]).instance()
    gc.collect()
    assert instance.call(f"{RELAY}#repeat", 5) == sum(range(5))
    call = instance.start(f"{RELAY}#repeat", 5)
    del instance
    gc.collect()
    assert call.run() == (sum(range(5)),)


def test_calls_interleave_and_answer_each_for_itself(faults: Plugin) -> None:
    limits = Limits(slice_fuel=10_000)
    calls = [
        faults.start({"do": "work", "count": 20_000 * (3 - number)}, limits=limits) for number in range(3)
    ]
    waiting = list(calls)
    finished = []
    while waiting:
        for call in list(waiting):
            if call.step():
                finished.append(calls.index(call))
                waiting.remove(call)
    assert finished == [2, 1, 0]
    alone = [faults.call({"do": "work", "count": 20_000 * (3 - number)}) for number in range(3)]
    assert [call.results[0][1]["output"] for call in calls if call.results] == [one.output for one in alone]
    assert [call.instance.stats.fuel for call in calls] == [one.stats.fuel for one in alone]


def test_a_cancelled_call_ends_at_its_next_step(faults: Plugin) -> None:
    call = faults.start({"do": "spin"})
    assert not call.step()
    call.cancel()
    with pytest.raises(errors.Cancelled):
        call.step()


def test_another_thread_may_cancel(faults: Plugin) -> None:
    call = faults.start({"do": "spin"}, limits=Limits(fuel=10**15))
    timer = threading.Timer(0.1, call.cancel)
    timer.start()
    with pytest.raises(errors.Cancelled):
        call.run()
    timer.join()


def test_cancel_ends_a_guest_that_sleeps_at_once() -> None:
    call = limits_guest.load().instance(Limits(deadline=60)).start("sleep", 50 * NS)
    timer = threading.Timer(0.1, call.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(errors.Cancelled):
        call.run()
    timer.join()
    assert time.monotonic() - started < 30


def test_a_guest_that_sleeps_uses_no_processor() -> None:
    call = limits_guest.load().instance().start("sleep", NS // 2)
    used = time.process_time()
    call.run()
    assert time.process_time() - used < 0.25


def test_cancel_after_the_instance_was_closed_does_nothing(faults: Plugin) -> None:
    call = faults.start({"do": "spin"})
    call.instance.close()
    call.cancel()
    with pytest.raises(errors.StateError, match="closed"):
        call.step()


def test_closing_and_cancelling_at_once_is_safe(faults: Plugin) -> None:
    for _ in range(200):
        call = faults.start({"do": "spin"})
        thread = threading.Thread(target=call.cancel)
        thread.start()
        call.instance.close()
        thread.join()


def test_time_left_is_until_the_deadline(types: Callable[[HostFunction], Plugin]) -> None:
    left: list[float] = []

    def note(call: Call, value: int) -> tuple[int]:
        left.append(call.time_left())
        return (value,)

    types(note).instance(Limits(deadline=7)).call(f"{RELAY}#relay-u8", 1)
    types(note).instance().call(f"{RELAY}#relay-u8", 1)
    assert 0 < left[0] <= 7
    assert 7 < left[1] <= 30


def test_a_host_function_that_overruns_ends_its_call(types: Callable[[HostFunction], Plugin]) -> None:
    asked: list[int] = []

    def dawdle(call: Call, value: int) -> tuple[int]:
        asked.append(value)
        while call.time_left():
            time.sleep(0.01)
        return (value,)

    with pytest.raises(errors.DeadlineExceeded):
        types(dawdle).instance(Limits(deadline=0.05)).call(f"{RELAY}#repeat", 9)
    assert asked == [0]


def test_a_guest_that_asks_for_ever_gives_way(types: Callable[[HostFunction], Plugin]) -> None:
    asked: list[int] = []

    def count(_: Call, value: int) -> tuple[int]:
        asked.append(value)
        return (value,)

    call = types(count).instance().start(f"{RELAY}#repeat", 100)
    steps = 0
    while not call.step():
        steps += 1
        assert len(asked) <= steps * HOST_CALLS_PER_TURN
    assert steps >= 100 // HOST_CALLS_PER_TURN


def test_what_others_spend_for_it_counts(types: Callable[[HostFunction], Plugin]) -> None:
    left: list[int] = []

    def charge(call: Call, value: int) -> tuple[int]:
        left.append(call.fuel_left())
        call.charge(1000)
        return (value,)

    limits = Limits(fuel=50_000)
    with pytest.raises(errors.OutOfFuel, match="the plugins it called"):
        types(charge).instance(limits).call(f"{RELAY}#repeat", 900)
    assert left[1] <= left[0] - 1000
    assert len(left) <= 50 + HOST_CALLS_PER_TURN


def test_a_call_that_spent_nothing_for_others_keeps_all_its_fuel(faults: Plugin) -> None:
    call = faults.start({"do": "work", "count": 1000})
    call.run()
    assert call.fuel_left() == call.instance.limits.fuel - call.instance.stats.fuel
    assert call.charged == 0


def test_a_deadline_ends_a_call_that_spins(faults: Plugin) -> None:
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        faults.call({"do": "spin"}, limits=Limits(deadline=0.2, fuel=10**15))
    assert 0.2 <= time.monotonic() - started < 2


def test_a_guest_that_waits_says_until_when(artifact: Artifact) -> None:
    call = Runtime().load(str(artifact("wasi"))).start({})
    while not call.step() and call.ready_at == 0:
        pass
    assert 0 < call.ready_at <= time.monotonic_ns() + 5_000_000
    ((case, answer),) = call.run()
    assert case == "ok"
    assert json.loads(answer["output"])["slept"] >= 5_000_000
