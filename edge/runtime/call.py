"""Instances, each with its own memory, and the calls into them, step by step."""

from __future__ import annotations

import marshal
from _thread import allocate_lock
from time import monotonic_ns

from edge import _native as native
from edge.limits import NS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from edge.limits import Limits
    from edge.runtime import Plugin

    Output = Callable[[int, bytes], None]

FORMAT = native.FORMAT
STDERR = 2

HOST_CALLS_PER_TURN = 16
"""A step ends after this many: they cost a guest little fuel, and each starts a new slice."""


class Call:
    """A running call. Several calls interleave when their owners step them in turn (scheduler.py).

    plugin     the plugin's name for display, for host functions
    function   the called function
    ready_at   the time on `time.monotonic_ns()` before which another step does nothing
    deadline   the time on the same clock at which the call ends
    results    the tuple of results, once the call is over
    charged    fuel spent on its behalf by others, which the stats of its instance do not contain
    """

    __slots__ = (
        "_cancelled",
        "_failed",
        "charged",
        "deadline",
        "function",
        "instance",
        "plugin",
        "ready_at",
        "results",
    )

    def __init__(self, instance: Instance, plugin: str, function: str) -> None:
        self.instance = instance
        self.plugin = plugin
        self.function = function
        self.ready_at = 0
        # Slightly later than the native library's deadline, which started earlier.
        self.deadline = monotonic_ns() + int(instance.limits.deadline * NS)
        self._cancelled = False
        self.results: tuple[Any, ...] | None = None
        self.charged = 0
        self._failed = False

    def step(self) -> bool:
        """Runs the guest until its turn is over, it waits, or it is done; returns true when the call is over.

        Host functions are called on the way. A failed call raises. StateError, for a step while another
        thread uses the instance, does not end the call.
        """
        instance = self.instance
        if not instance.turn.acquire(False):
            _refuse_second()
        try:
            return self._step(instance)
        finally:
            instance.turn.release()

    def _step(self, instance: Instance) -> bool:
        handle, out, functions = instance.handle, instance.out, instance.plugin.functions
        failed: Exception | None = None
        asked = -1
        host_calls = HOST_CALLS_PER_TURN
        crossing_bytes = instance.limits.crossing_bytes
        # With this loop, a host call and its return may take a Pi Zero 75,000 instructions.
        while True:
            status = native.step_call(handle, out)
            if status == native.STEP_HOST:
                asked = out.host
                try:
                    answered = functions[asked](self, *native.step_values(out))
                    try:
                        answer = marshal.dumps(answered, FORMAT)
                    except ValueError:
                        answer = _encode(answered)
                except Exception as error:
                    failed = error
                    from edge.runtime.call_errors import reason

                    native.fail_call(instance.handle, reason(error))
                else:
                    if len(answer) > crossing_bytes:
                        self._end_answer(asked, len(answer))
                    try:
                        native.answer_call(handle, answer)
                    except Exception:
                        # Raises StateError if the host function closed the instance.
                        _ = instance.handle
                        raise
                    host_calls -= 1
                    if not host_calls:
                        return self._give_way(0)
            elif status == native.STEP_DONE:
                self.results = native.step_values(out)
                instance.end_log()
                return True
            elif status == native.STEP_SLICE:
                return self._give_way(0)
            elif status == native.STEP_WAIT:
                return self._give_way(out.until)
            else:
                self._fail(status, asked, failed)

    def run(self) -> tuple[Any, ...]:
        """Steps to the end of the call, sleeping while the guest waits; returns its results.

        An interrupt from outside (such as Ctrl-C) closes the instance.
        """
        try:
            while not self.step():
                if self.ready_at > monotonic_ns():
                    from edge.wait import sleep

                    sleep(self, self.ready_at)
                if self.instance.closed:
                    from edge.runtime.call_errors import refuse_closed

                    refuse_closed(self)
        except BaseException as error:
            self.abandon(error)
            raise
        assert self.results is not None
        return self.results

    def abandon(self, error: BaseException) -> None:
        """Closes the instance after an error, unless the call itself failed, so that its stats can be read.

        A step out of order does not close it, because another thread may be using it.
        """
        if not self._failed and getattr(error, "status", 0) != native.STATE:
            self.instance.close()

    def cancel(self) -> None:
        """Ends the call, which then raises `errors.Cancelled`; for any thread or signal handler.

        A computing guest stops within a piece of its slice (native/src/limits.rs), a waiting one at once.
        """
        self._cancelled = True
        self.instance.cancel()

    @property
    def wake(self) -> Callable[[], None] | None:
        """Wakes the thread that waits for this call."""
        return self.instance.wake

    @wake.setter
    def wake(self, wake: Callable[[], None] | None) -> None:
        self.instance.wake = wake

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled, or its instance was closed."""
        return self._cancelled or self.instance.closed

    def time_left(self) -> float:
        """Seconds until the deadline, 0 after it. Host functions that take time must respect it."""
        return max(0, self.deadline - monotonic_ns()) / NS

    def fuel_left(self) -> int:
        """Units of fuel that the call may still spend; exact to a piece while the guest computes."""
        return max(0, self.instance.limits.fuel - self.instance.stats.fuel - self.charged)

    def charge(self, fuel: int) -> None:
        """Counts fuel that was spent on behalf of this call, which ends if none is left."""
        self.charged += fuel

    def _give_way(self, ready_at: int) -> bool:
        self.ready_at = ready_at
        self.instance.after_step()
        if self.charged and not self.fuel_left():
            self._end()
            from edge.runtime.call_errors import refuse_fuel

            refuse_fuel(self)
        return False

    def _end(self) -> None:
        """Ends the call for a reason unknown to the native library."""
        self._failed = True
        self.instance.cancel()
        native.step_call(self.instance.handle, self.instance.out)
        self.instance.end_log()

    def _end_answer(self, asked: int, count: int) -> NoReturn:
        # The library needs an answer before the next step, even to end the call.
        native.fail_call(self.instance.handle, b"")
        self._end()
        from edge.runtime.call_errors import refuse_answer

        refuse_answer(self, asked, count)

    def _fail(self, status: int, asked: int, failed: Exception | None) -> NoReturn:
        if status != native.STATE:
            self._failed = True
            self.instance.end_log()
        from edge.runtime.call_errors import explain

        explain(self, status, asked, failed)


class Instance:
    """An instance of a plugin, created by its first call; it keeps its memory from call to call.

    It owns its native handle, which does not need the Plugin; `close`, or leaving a `with`, frees the guest.
    One call at a time, stepped by one thread at a time: a second one raises StateError. Any thread may
    cancel, close, and read `stats`. After a failed call it accepts no more calls.

    limits  of the instance and its calls
    plugin  its plugin
    turn    held by the thread that steps it, until it has read the library's results
    wake    wakes the thread that waits for its call
    """

    __slots__ = (
        "_handle",
        "_is_line_open",
        "_log_dropped",
        "_log_left",
        "_output",
        "limits",
        "out",
        "plugin",
        "turn",
        "wake",
    )

    def __init__(
        self, plugin: Plugin, limits: Limits, options: native.InstanceOptions, output: Output | None
    ) -> None:
        self.plugin = plugin
        self._output = output
        self.limits = limits
        self._handle: native.Instance | None
        self._handle, self.out = native.new_instance(plugin.handle, options)
        self.turn = allocate_lock()
        self.wake: Callable[[], None] | None = None
        self._log_left = self._log_dropped = 0
        self._is_line_open = False

    def start(self, function: str, *params: Any) -> Call:
        """Starts a call of `interface#function`, or of a function of the world itself."""
        if not self.turn.acquire(False):
            _refuse_second()
        try:
            native.start_call(self.handle, function.encode(), _encode(params))
            self._log_left = self.limits.log_bytes
            self._log_dropped = 0
            return Call(self, self.plugin.shown, function)
        finally:
            self.turn.release()

    def call(self, function: str, *params: Any) -> Any:
        """Calls a function and waits for its end; returns its result, None if it has none."""
        results = self.start(function, *params).run()
        return results[0] if results else None

    @property
    def stats(self) -> Stats:
        """The cost of the latest call."""
        return Stats(*native.call_stats(self.handle), self._log_dropped)

    @property
    def handle(self) -> native.Instance:
        """The native instance; an error after it is freed."""
        if self._handle is None:
            from edge import errors

            raise errors.StateError("This instance is closed", "Create another one with Plugin.instance()")
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether it is freed."""
        return self._handle is None

    def after_step(self) -> None:
        """Passes on the guest's output since the last step."""
        handle = self._handle
        if self._output is None or handle is None:
            return
        log = native.take_log(handle)
        if log is None:
            return
        pieces, dropped = log
        self._log_dropped += dropped
        for stream, written in pieces:
            room = self.take_log_room(len(written))
            if room:
                self._output(stream, written[:room])
                self._is_line_open = written[room - 1 : room] != b"\n"

    def take_log_room(self, count: int) -> int:
        """Takes room for up to `count` bytes of log; the rest counts as dropped. Returns the bytes taken."""
        room = count if count <= self._log_left else self._log_left
        self._log_left -= room
        self._log_dropped += count - room
        return room

    def end_log(self) -> None:
        """Passes on the guest's last output, and reports how many logged bytes were dropped."""
        if self._output is None:
            return
        self.after_step()
        if self._log_dropped:
            end = b"\n" if self._is_line_open else b""
            self._output(STDERR, b"%s[%d more bytes were dropped]\n" % (end, self._log_dropped))
            self._is_line_open = False

    def cancel(self) -> None:
        """Ends the running call at its next step (Call.cancel); for any thread."""
        handle = self._handle
        if handle is not None:
            native.cancel_call(handle)
        self._rouse()

    def close(self) -> None:
        """Frees the guest and cancels its call; for any thread.

        If another thread is stepping it, this happens at the end of the step.
        """
        handle, self._handle = self._handle, None
        if handle is not None:
            native.release(handle)
        self._rouse()

    def _rouse(self) -> None:
        wake = self.wake
        if wake is not None:
            wake()

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Stats:
    """The cost of a call.

    fuel          units spent, the same on every CPU
    memory_bytes  linear memory of the instance
    host_calls    calls that left the sandbox
    slices        how often it let other calls run
    log_dropped   bytes logged beyond its limit, events and standard streams together
    """

    __slots__ = ("fuel", "host_calls", "log_dropped", "memory_bytes", "slices")

    def __init__(
        self, fuel: int, memory_bytes: int, host_calls: int, slices: int, log_dropped: int = 0
    ) -> None:
        self.fuel = fuel
        self.memory_bytes = memory_bytes
        self.host_calls = host_calls
        self.slices = slices
        self.log_dropped = log_dropped

    def __repr__(self) -> str:
        return (
            f"Stats(fuel={self.fuel}, memory_bytes={self.memory_bytes}, "
            f"host_calls={self.host_calls}, slices={self.slices}, log_dropped={self.log_dropped})"
        )


def _encode(values: tuple[Any, ...]) -> bytes:
    try:
        return marshal.dumps(values, FORMAT)
    except ValueError:
        from edge.runtime.values import encode

        return encode(values)


def _refuse_second() -> NoReturn:
    from edge.runtime.call_errors import refuse_second

    refuse_second()
