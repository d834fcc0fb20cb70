"""Every limit, by a guest that goes beyond it: it ends with that limit's error, and without it it does not.

After each, a new instance answers as if nothing had been, and the memory is given back.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import Interface, Limits, Plugin, Runtime, errors
from edge.interfaces.logging import Logging
from edge.interfaces.secrets import Secrets
from edge.limits import KB, MB, NS, PI_ZERO
from edge.limits.admission import Admission, Counters
from tests.support.descriptors import descriptors
from tests.support.limits_guest import load, load_text

Artifact = Callable[[str], Path]

PAGE = 64 * KB
ROUNDS = 100
GIVEN = 60_000

ERRORS: dict[str, type[errors.EdgeError]] = {
    "fuel": errors.OutOfFuel,
    "sleep": errors.DeadlineExceeded,
    "host_calls": errors.OverLimit,
    "from_host": errors.OverLimit,
    "to_host": errors.OverLimit,
}

BEYOND: dict[str, tuple[str, tuple[Any, ...], Limits, Limits]] = {
    # The function, its parameters, limits that it goes beyond, and limits that it does not.
    "fuel": ("grow-memory", (20,), Limits(fuel=1000), Limits(fuel=100_000)),
    "sleep": ("sleep", (NS // 20,), Limits(deadline=0.01), Limits(deadline=30)),
    "host_calls": ("ask", (21,), Limits(host_calls=20), Limits(host_calls=21)),
    "from_host": ("give", (), Limits(crossing_bytes=GIVEN - 1), Limits(crossing_bytes=4 * GIVEN)),
    # Lists outside the contract are counted as the values that they become, 24 bytes each.
    "to_host": ("take", (GIVEN,), Limits(crossing_bytes=GIVEN - 1), Limits(crossing_bytes=64 * GIVEN)),
}


@pytest.fixture(scope="module")
def guest() -> Plugin:
    return load(give=lambda _: (bytes(GIVEN),))


@pytest.fixture(scope="module")
def faults(artifact: Artifact) -> Plugin:
    return Runtime().load(str(artifact("faults")))


def call(plugin: Plugin, limits: Limits | None, function: str, *params: Any) -> Any:
    with plugin.instance(limits) as instance:
        return instance.call(function, *params)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("limit", BEYOND)
def test_beyond_the_limit_a_call_ends_and_within_it_it_does_not(guest: Plugin, limit: str) -> None:
    function, params, tight, wide = BEYOND[limit]
    with pytest.raises(ERRORS[limit]):
        call(guest, tight, function, *params)
    call(guest, wide, function, *params)


# Asks for a secret, then how many messages wait, three times each; answers the last of both.
ASKS = """(component
  (import "zeroclaw:plugin/secrets@0.1.0" (instance $secrets
    (type $error' (enum "access-denied" "not-found" "unavailable"))
    (export "secret-error" (type $error (eq $error')))
    (export "get" (func (param "name" string) (result (result string (error $error)))))))
  (import "zeroclaw:plugin/inbound@0.1.0" (instance $inbound (export "inbound-pending" (func (result u32)))))
  (core module $memory (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $memory (instantiate $memory))
  (core func $get (canon lower (func $secrets "get")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core func $pending (canon lower (func $inbound "inbound-pending")))
  (core module $m
    (import "host" "get" (func $get (param i32 i32 i32)))
    (import "host" "pending" (func $pending (result i32)))
    (import "host" "memory" (memory 1))
    (func $get3 (call $get (i32.const 0) (i32.const 4) (i32.const 64)) (call $get (i32.const 0) (i32.const 4)
      (i32.const 64)) (call $get (i32.const 0) (i32.const 4) (i32.const 64)))
    (func (export "secret") (result i32) (call $get3)
      (i32.add (i32.mul (i32.load8_u (i32.const 64)) (i32.const 10)) (i32.load8_u (i32.const 68))))
    (func (export "pending") (result i32)
      (drop (call $pending)) (drop (call $pending)) (call $pending)))
  (core instance $i (instantiate $m (with "host" (instance (export "get" (func $get))
    (export "pending" (func $pending)) (export "memory" (memory $memory "memory"))))))
  (func (export "secret") (result u32) (canon lift (core func $i "secret")))
  (func (export "pending") (result u32) (canon lift (core func $i "pending"))))"""
UNAVAILABLE = 12
"""An error, the third of them."""


def test_beyond_the_host_calls_the_contract_answers_and_fails_nothing() -> None:
    inbound = Interface("zeroclaw:plugin/inbound@0.1.0", {"inbound-pending": lambda _: (7,)})
    secrets = Interface("zeroclaw:plugin/secrets@0.1.0", {"get": lambda *_: (("err", "not-found"),)})
    plugin = load_text(ASKS, inbound, secrets)
    with plugin.instance(Limits(host_calls=2)) as instance:
        assert instance.call("pending") == 0
        assert instance.call("secret") == UNAVAILABLE
        assert instance.stats.host_calls == 2
    with plugin.instance(Limits(host_calls=3)) as instance:
        assert instance.call("pending") == 7
        assert instance.call("secret") == UNAVAILABLE - 1


@pytest.mark.parametrize("limit", BEYOND)
def test_what_a_limit_ended_leaves_nothing(guest: Plugin, limit: str) -> None:
    function, params, tight, _ = BEYOND[limit]

    def rounds(count: int) -> None:
        for _ in range(count):
            with pytest.raises(ERRORS[limit]):
                call(guest, tight, function, *params)

    rounds(5)
    before, opened = resident(), len(descriptors())
    rounds(20 if limit == "sleep" else ROUNDS)
    assert resident() - before < 2 * MB
    assert len(descriptors()) == opened
    assert call(guest, None, "grow-table", 4) == 5


def test_a_guest_that_computes_ends_at_its_deadline(guest: Plugin) -> None:
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded, match="longer than 100 ms"):
        call(guest, Limits(deadline=0.1, fuel=10**15), "spin")
    assert time.monotonic() - started >= 0.1


def test_fuel_ends_what_no_deadline_would(guest: Plugin) -> None:
    with pytest.raises(errors.OutOfFuel):
        call(guest, Limits(deadline=10**6, fuel=10**6), "spin")


def test_memory_beyond_the_limit_is_not_given(guest: Plugin) -> None:
    # A page is the allocator's.
    assert call(guest, Limits(memory=11 * PAGE), "grow-memory", 10) == 11
    assert call(guest, Limits(memory=11 * PAGE), "grow-memory", 11) == 1


def test_memory_of_many_instances_is_given_back(guest: Plugin) -> None:
    pages = 8 * MB // PAGE
    call(guest, None, "grow-memory", pages)
    before = resident()
    for _ in range(ROUNDS // 2):
        assert call(guest, None, "grow-memory", pages) == pages + 1
    assert resident() - before < 4 * MB


def test_memory_that_a_component_begins_with_counts() -> None:
    text = (
        '(component (core module $m (memory {}) (func (export "run"))) (core instance $i (instantiate $m)) \
        (func (export "run") (canon lift (core func $i "run"))))'
    )
    call(load_text(text.format(16)), Limits(memory=16 * PAGE), "run")
    with pytest.raises(errors.OverLimit, match=f"{17 * PAGE} bytes of memory, its limit is {16 * PAGE}"):
        call(load_text(text.format(17)), Limits(memory=16 * PAGE), "run")
    two = text.replace("(memory {})", "(memory 9) (memory 8)")
    with pytest.raises(errors.OverLimit):
        call(load_text(two), Limits(memory=16 * PAGE), "run")


def test_table_elements_beyond_the_limit_are_not_given(guest: Plugin) -> None:
    assert call(guest, Limits(table_elements=1001), "grow-table", 1000) == 1001
    assert call(guest, Limits(table_elements=1001), "grow-table", 1001) == 1


@pytest.mark.parametrize(("count", "runs"), [(60, True), (65, False)])
def test_a_component_has_so_many_instances_and_no_more(count: int, runs: bool) -> None:
    instances = "(core instance (instantiate $m))" * (count - 1)
    text = (
        f'(component (core module $m (func (export "run"))) {instances} (core instance $i (instantiate $m)) \
        (func (export "run") (canon lift (core func $i "run"))))'
    )
    if runs:
        call(load_text(text), None, "run")
    else:
        with pytest.raises(errors.TooComplex, match="64 core instances"):
            load_text(text)


def test_recursion_ends_at_the_stack(guest: Plugin) -> None:
    for _ in range(3):
        with pytest.raises(errors.Trapped, match="stack"):
            call(guest, None, "recurse")
    assert call(guest, None, "grow-table", 4) == 5


def test_a_larger_stack_lets_a_guest_go_deeper(artifact: Artifact) -> None:
    depth = {"do": "recurse", "count": 20_000}
    path = str(artifact("faults"))
    with pytest.raises(errors.Trapped, match="stack"):
        Runtime(stack_bytes=128 * KB).load(path).call(depth)
    assert Runtime(stack_bytes=4 * MB).load(path).call(depth).success


def test_parameters_count_as_a_crossing(faults: Plugin) -> None:
    arguments = {"do": "arguments", "text": "x" * 10_000}
    assert faults.call(arguments, limits=Limits(crossing_bytes=100_000)).success
    with pytest.raises(errors.OverLimit, match="bytes of parameters"):
        faults.call(arguments, limits=Limits(crossing_bytes=10_000))


def test_results_count_as_a_crossing(faults: Plugin) -> None:
    asked = {"do": "big-output", "count": 50_000}
    assert faults.call(asked, limits=Limits(crossing_bytes=200_000)).success
    with pytest.raises(errors.OverLimit):
        faults.call(asked, limits=Limits(crossing_bytes=40_000))


@pytest.mark.parametrize(("limit", "kept"), [(10, 10), (1 << 20, 31)])
def test_of_what_a_guest_writes_so_much_is_kept(artifact: Artifact, limit: int, kept: int) -> None:
    written: list[bytes] = []
    plugin = Runtime().load(str(artifact("wasi")), output=lambda _, piece: written.append(piece))
    plugin.call({"text": "a"}, limits=Limits(log_bytes=limit))
    own = b"".join(piece for piece in written if b"more bytes were dropped" not in piece)
    assert min(len(own), 31) == kept
    assert any(b"more bytes were dropped" in piece for piece in written) == (limit == 10)


def test_events_and_streams_of_a_call_share_what_may_be_logged(artifact: Artifact) -> None:
    written: list[bytes] = []
    plugin = Runtime().load(str(artifact("wasi")), output=lambda _, piece: written.append(piece))
    plugin.call({"text": "a"})
    over = sum(map(len, written)) - 5
    written.clear()
    call = plugin.start({"text": "a"}, limits=Limits(log_bytes=1000))
    assert call.instance.take_log_room(995) == 995
    call.run()
    assert sum(map(len, written[:-1])) == 5
    assert written[-1] == b"\n[%d more bytes were dropped]\n" % over
    assert call.instance.stats.log_dropped == over
    # Each call has all of it again.
    again = call.instance.start(call.function, '{"text": "a"}')
    again.run()
    assert again.instance.stats.log_dropped == 0


def test_events_over_the_limit_are_cut_dropped_and_counted(artifact: Artifact) -> None:
    events: list[dict[str, Any]] = []
    logging = Logging(lambda _, __, event: events.append(event))
    plugin = Runtime().load(str(artifact("faults")), interfaces=[logging, Secrets({})])
    name = "faults::execute"
    flood = {"do": "log-flood", "count": 5, "text": "é" * 30}
    answer = plugin.call(flood, limits=Limits(log_bytes=100))
    assert answer.success
    assert [(event["function-name"], event["message"]) for event in events] == [
        (name, "é" * 30),
        (name, "é" * 5),
    ]
    assert answer.stats.log_dropped == 5 * (len(name) + 60) - 100


def test_calls_a_minute_at_once_and_memory_are_limited_for_all_processes(
    guest: Plugin, tmp_path: Path
) -> None:
    limits = Limits(memory=1 * MB)
    with Counters(str(tmp_path / "counters")) as counters:
        device = Admission(counters, PI_ZERO)

        def admitted() -> Any:
            with device.admit("guest", limits, concurrent=1, per_minute=3):
                return call(guest, limits, "grow-table", 1)

        assert [admitted(), admitted()] == [2, 2]
        with device.admit("guest", limits, concurrent=1, per_minute=3), pytest.raises(errors.Busy):
            admitted()
        with pytest.raises(errors.RateExceeded):
            admitted()
        with pytest.raises(errors.NotAdmitted):
            device.admit("another", Limits(memory=PI_ZERO.memory))
        with device.admit("another", limits):
            assert call(guest, limits, "grow-table", 1) == 2


def test_a_memory_that_is_copied_to_grow_gives_others_their_turn() -> None:
    # The interpreter has 16 MB of addresses for a memory; the next page makes it move.
    text = """(component (core module $m (memory 250)
      (func (export "grow") (param i32) (loop $again
        (drop (memory.grow (i32.const 1)))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
      (core instance $i (instantiate $m))
      (func (export "grow") (param "pages" u32) (canon lift (core func $i "grow"))))"""
    plugin = load_text(text, interpret=True)
    with plugin.instance(Limits(memory=20 * MB)) as instance:
        instance.call("grow", 6)
        within = instance.stats.slices
        instance.call("grow", 20)
        assert (within, instance.stats.slices >= 20) == (0, True)
