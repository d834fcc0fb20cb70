from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import Inbound, Instance, Interface, Limits, Logging, Plugin, Runtime, errors
from tests.support import limits_guest

ECHO = "edge:types/echo@0.1.0"
EXECUTE = "zeroclaw:plugin/tool@0.1.0#execute"
LONG = 60
WIT = Path(__file__).parent.parent / "guests" / "types" / "wit" / "types.wit"
NAMES = ["nothing", *re.findall(r"(echo-[\w-]+):", WIT.read_text())]
CHANNEL = "zeroclaw:plugin/channel@0.1.0"
MEMORY = "zeroclaw:plugin/memory@0.1.0"
MESSAGE: dict[str, Any] = {"content": "hello", "recipient": "me", "attachments": []}

Artifact = Callable[[str], Path]


def channel(artifact: Artifact, inbound: Inbound) -> Plugin:
    return Runtime().load(str(artifact("channel")), interfaces=[Logging(lambda *_: None), inbound])


def test_a_channel_keeps_its_memory_between_calls(artifact: Artifact) -> None:
    with channel(artifact, Inbound()).instance() as instance:
        assert instance.call(f"{CHANNEL}#configure", '{"handle": "pi"}') == ("ok", None)
        assert instance.call(f"{CHANNEL}#self-handle") == '{"handle": "pi"}'
        attachment = {"file-name": "a.bin", "data": bytes(range(256)) * 1000, "mime-type": None}
        assert instance.call(f"{CHANNEL}#send", {**MESSAGE, "attachments": [attachment]}) == ("ok", None)
        assert instance.call(f"{CHANNEL}#poll-message")["attachments"] == [attachment]
        assert instance.call(f"{CHANNEL}#poll-message") is None


def test_a_channel_gets_what_reached_the_host(artifact: Artifact) -> None:
    inbound = Inbound()
    with channel(artifact, inbound).instance() as instance:
        for number in "12":
            inbound.push(
                {
                    **dict.fromkeys(("sender", "reply-target", "content", "channel"), "x"),
                    "id": number,
                    "timestamp": 2**63,
                }
            )
        assert instance.call(f"{CHANNEL}#health-check") is False
        assert [instance.call(f"{CHANNEL}#poll-message")["id"] for _ in range(2)] == ["1", "2"]
        assert instance.call(f"{CHANNEL}#health-check") is True


def test_a_memory_remembers_while_its_instance_lives(artifact: Artifact) -> None:
    plugin = Runtime().load(str(artifact("memory")), interfaces=[Logging(lambda *_: None)])
    with plugin.instance() as instance:
        store = f"{MEMORY}#store-entry"
        assert instance.call(store, "k", "v", ("custom", "mine"), None) == ("ok", None)
        case, entries = instance.call(f"{MEMORY}#recall", "", 10, None, None, None)
        assert (case, entries[0]["content"], entries[0]["category"]) == ("ok", "v", ("custom", "mine"))
        assert instance.call(f"{MEMORY}#count") == ("ok", 1)
    with plugin.instance() as instance:
        assert instance.call(f"{MEMORY}#count") == ("ok", 0)


@pytest.fixture
def instance(artifact: Artifact) -> Instance:
    return Runtime().load(str(artifact("faults"))).instance(Limits(fuel=10**7))


def test_an_instance_takes_one_call_at_a_time(instance: Instance) -> None:
    instance.start("zeroclaw:plugin/tool@0.1.0#name")
    with pytest.raises(errors.StateError, match="is running"):
        instance.start("zeroclaw:plugin/tool@0.1.0#name")


def test_an_instance_that_trapped_takes_no_more_calls(instance: Instance) -> None:
    call = instance.start("zeroclaw:plugin/tool@0.1.0#execute", '{"do": "trap"}')
    with pytest.raises(errors.Trapped):
        call.step()
    with pytest.raises(errors.StateError, match="no more calls"):
        instance.call("zeroclaw:plugin/tool@0.1.0#name")


def test_a_step_without_a_call_is_out_of_order(instance: Instance) -> None:
    call = instance.start("zeroclaw:plugin/tool@0.1.0#name")
    call.run()
    with pytest.raises(errors.StateError, match="no call is running"):
        call.step()


def test_a_function_that_is_not_exported_is_named_and_the_instance_lives(instance: Instance) -> None:
    for name in ("zeroclaw:plugin/tool@0.1.0#fly", "fly", "a:b/c#d", ""):
        call = instance.start(name)
        with pytest.raises(errors.NoSuchExport, match=f"`{name}`"):
            call.step()
    assert instance.call("zeroclaw:plugin/tool@0.1.0#name") == "faults"


def test_every_call_has_fuel_of_its_own(instance: Instance) -> None:
    name = "zeroclaw:plugin/tool@0.1.0#name"
    spent = []
    for _ in range(3):
        instance.call(name)
        spent.append(instance.stats.fuel)
    assert spent[1] == spent[2] > 0


def test_a_closed_instance_says_so_and_closing_twice_is_fine(instance: Instance) -> None:
    with instance:
        instance.start("zeroclaw:plugin/tool@0.1.0#name").step()
    instance.close()
    with pytest.raises(errors.StateError, match="closed"):
        _ = instance.stats


@pytest.mark.parametrize("limits", [{"fuel": -1}, {"fuel": 2**64}, {"host_calls": 2**32}])
def test_limits_outside_their_range_are_an_option_error(artifact: Artifact, limits: dict[str, int]) -> None:
    with pytest.raises(errors.OptionsError):
        Runtime().load(str(artifact("faults"))).instance(Limits(**limits))  # type: ignore[arg-type]


def spin(instance: Instance, ended: list[BaseException]) -> threading.Thread:
    """A thread in which the instance is inside a call that would never end."""

    def call() -> None:
        try:
            instance.call(EXECUTE, '{"do": "spin"}')
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    while not instance.stats.slices:
        time.sleep(0.001)
    return thread


@pytest.fixture
def endless(artifact: Artifact) -> Callable[[], Instance]:
    plugin = Runtime().load(str(artifact("faults")))
    return lambda: plugin.instance(Limits(fuel=10**15, deadline=LONG))


def test_closing_cancels_a_call_in_another_thread(endless: Callable[[], Instance]) -> None:
    for _ in range(20):
        ended: list[BaseException] = []
        instance = endless()
        thread = spin(instance, ended)
        instance.close()
        thread.join(LONG)
        assert [type(error) for error in ended] in ([errors.Cancelled], [errors.StateError])
        assert "closed" in str(ended[0])


def test_closing_wakes_a_call_that_sleeps_in_another_thread() -> None:
    instance = limits_guest.load().instance(Limits(deadline=LONG))
    timer = threading.Timer(0.1, instance.close)
    timer.start()
    started = time.monotonic()
    with pytest.raises(errors.Cancelled, match="closed"):
        instance.call("sleep", 50 * 10**9)
    timer.join()
    assert time.monotonic() - started < 30


def test_a_second_thread_is_refused_and_harms_nobody(endless: Callable[[], Instance]) -> None:
    instance = endless()
    ended: list[object] = []
    call = instance.start(EXECUTE, '{"do": "spin"}')

    def run() -> None:
        with pytest.raises(errors.Cancelled):
            call.run()
        ended.append(call)

    thread = threading.Thread(target=run)
    thread.start()
    while not instance.stats.slices:
        time.sleep(0.001)
    for _ in range(200):
        with pytest.raises(errors.StateError):
            instance.call(EXECUTE, '{"do": "spin"}')
    assert not instance.closed
    call.cancel()
    thread.join(LONG)
    assert ended == [call]


def test_eight_threads_share_one_instance_and_each_answer_is_its_callers(artifact: Artifact) -> None:
    host = Interface(ECHO, dict.fromkeys(NAMES, lambda *_: (None,)))
    instance = Runtime().load(str(artifact("types")), interfaces=[host]).instance()
    wrong: list[object] = []
    answered = [0] * 8

    def call(number: int) -> None:
        mine = str(number) * 1000
        for _ in range(300):
            try:
                answer = instance.call(f"{ECHO}#echo-string", mine)
            except errors.StateError:
                continue
            except BaseException as error:
                answer = error
            answered[number] += 1
            if answer != mine:
                wrong.append(answer)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert wrong == []
    assert sum(answered) > 0


def test_closing_frees_what_a_guest_holds_though_its_error_is_kept(artifact: Artifact) -> None:
    plugin = Runtime().load(str(artifact("faults")))
    kept = []
    before = resident()
    for _ in range(20):
        with plugin.instance() as instance:
            instance.call(EXECUTE, '{"do": "touch", "count": 100}')
            with pytest.raises(errors.Trapped) as caught:
                instance.call(EXECUTE, '{"do": "trap"}')
            kept.append(caught)
    assert resident() - before < 48 << 20


def resident() -> int:
    """Bytes of this process's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
