"""Calls of the C ABI in any order: each answers with the status that edge.h has for it."""

from __future__ import annotations

from typing import Callable

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from edge import Limits, errors
from edge import _native as native
from edge._native._ffi import ffi
from edge.runtime.values import encode
from tests.fuzz import plugins

IDLE, RUNNING, ASKED, OVER = "idle", "running", "asked", "over"
FUNCTIONS = ("answer", "ask", "ask", "ask", "wait", "spin", "trap", "missing", "", "a#b")
FITTING = [(7,)] * 8
TAKES_A_NUMBER = ("answer", "ask")
LIMITS = Limits(fuel=30_000, slice_fuel=10_000, host_calls=3)

# What a step of a call may report, by the function that was called.
STEPS = {
    "answer": {native.STEP_DONE},
    "ask": {native.STEP_HOST, native.STEP_DONE},
    "wait": {native.STEP_WAIT},
    "spin": {native.STEP_SLICE, errors.OutOfFuel.status},
    "trap": {errors.Trapped.status},
}


class Sequence(RuleBasedStateMachine):
    """One instance and what is known of it."""

    @initialize()
    def new(self) -> None:
        self.handle, self.out = native.new_instance(
            plugins.plugin("asker").handle, native.instance_options(LIMITS.options())
        )
        self.state = IDLE
        self.function = ""
        self.params_fit = self.answer_fits = True
        self.failed = self.cancelled = False

    @rule(
        function=st.sampled_from(FUNCTIONS), value=st.sampled_from([*FITTING, (), ("x",), (2**32,), (7, 7)])
    )
    def start(self, function: str, value: tuple[object, ...]) -> None:
        params = value if function in TAKES_A_NUMBER else ()
        status = status_of(lambda: native.start_call(self.handle, function.encode(), encode(params)))
        assert status == (0 if self.state == IDLE else errors.StateError.status)
        if self.state == IDLE:
            self.state, self.function = RUNNING, function
            self.params_fit = params in ((), (7,)) if function not in TAKES_A_NUMBER else params == (7,)
            self.answer_fits, self.failed = True, False

    @rule(name=st.text(max_size=8).map(str.encode), params=st.binary(max_size=8))
    def start_with_junk(self, name: bytes, params: bytes) -> None:
        if self.state == IDLE:
            return
        assert status_of(lambda: native.start_call(self.handle, name, params)) == errors.StateError.status

    @rule()
    def step(self) -> None:
        status = native.step_call(self.handle, self.out)
        if self.state != RUNNING:
            assert status == errors.StateError.status
            return
        assert status in self.expected(), (status, self.function)
        self.state = {native.STEP_DONE: IDLE, native.STEP_HOST: ASKED}.get(status, OVER)
        if status in (native.STEP_SLICE, native.STEP_WAIT):
            self.state = RUNNING
        elif not self.answer_fits:
            self.free()  # test_found.py tells why
        elif status in (errors.NoSuchExport.status, errors.ValueMismatch.status):
            self.state = IDLE

    def expected(self) -> set[int]:
        """What the next step may report."""
        if self.cancelled:
            return {errors.Cancelled.status}
        if self.failed:
            return {errors.HostFailed.status}
        if self.function not in STEPS:
            return {errors.NoSuchExport.status}
        if not (self.params_fit and self.answer_fits):
            return {errors.ValueMismatch.status}
        return STEPS[self.function]

    @rule(value=st.sampled_from([*FITTING, (), ("x",), (2**32,)]))
    def answer(self, value: tuple[object, ...]) -> None:
        self.reply(lambda: native.answer_call(self.handle, encode(value)))
        if self.state == ASKED:
            self.state, self.answer_fits = RUNNING, value == (7,)

    @rule(value=st.sampled_from([*FITTING, ("x",)]))
    @precondition(lambda self: self.state == IDLE)
    def ask_and_answer(self, value: tuple[object, ...]) -> None:
        """What chance alone seldom puts in this order."""
        self.start("ask", (7,))
        self.step()
        self.answer(value)
        self.step()

    @rule(message=st.binary(max_size=20))
    def fail(self, message: bytes) -> None:
        self.reply(lambda: native.fail_call(self.handle, message))
        if self.state == ASKED:
            self.state, self.failed = RUNNING, True

    def reply(self, act: Callable[[], None]) -> None:
        wanted = 0 if self.state == ASKED else errors.StateError.status
        assert status_of(act) == wanted

    @rule()
    @precondition(lambda self: self.state in (RUNNING, ASKED))
    def cancel(self) -> None:
        native.cancel_call(self.handle)
        self.cancelled = True

    @rule()
    def look(self) -> None:
        fuel, memory, host_calls, _ = native.call_stats(self.handle)
        assert fuel <= 2 * LIMITS.fuel
        assert memory == 0
        assert host_calls <= LIMITS.host_calls
        assert native.take_log(self.handle) is None

    @rule()
    def free(self) -> None:
        native.release(self.handle)
        for act in (
            lambda: native.start_call(self.handle, b"answer", encode(())),
            lambda: native.answer_call(self.handle, encode(())),
            lambda: native.fail_call(self.handle, b""),
        ):
            assert status_of(act) == errors.StateError.status
        assert native.step_call(self.handle, self.out) == errors.StateError.status
        native.release(self.handle)
        self.new()


def status_of(act: Callable[[], None]) -> int:
    """0, or the status of the error that is raised."""
    try:
        act()
    except errors.EdgeError as error:
        return error.status
    return 0


def fuzz_sequences() -> None:
    run_state_machine_as_test(Sequence)  # type: ignore[no-untyped-call, unused-ignore]


def fuzz_nothing() -> None:
    """Null in place of every object: a status, never a crash."""
    null, lib = ffi.NULL, native.lib
    state = errors.StateError.status
    why = ffi.new("edge_bytes *")
    calls: tuple[Callable[[], object], ...] = (
        lambda: lib.edge_plugin_load(null, 0, null, 0, null, 0, null, 0, null, 0, null, null, why),
        lambda: lib.edge_package_seal(null, 0, null, null, why),
        lambda: lib.edge_artifact_seal(null, 0, null, null, why),
        lambda: lib.edge_seal(null, null, 0, null, 0, null, why),
        lambda: lib.edge_unseal(null, null, 0, null, 0, null, why),
        lambda: lib.edge_plugin_describe(null, why),
        lambda: lib.edge_instance_new(null, null, null, why),
        lambda: lib.edge_call_start(null, null, 0, null, 0, why),
        lambda: lib.edge_call_step(null, null),
        lambda: lib.edge_call_answer(null, null, 0, why),
        lambda: lib.edge_call_fail(null, null, 0),
        lambda: lib.edge_call_cancel(null),
        lambda: lib.edge_call_stats(null, null),
        lambda: lib.edge_call_log(null, why),
        lambda: lib.edge_instance_close(null),
    )
    for call in calls:
        assert call() == state
    for name in ("bytes", "engine", "plugin", "instance"):
        getattr(lib, f"edge_{name}_free")(null)
