"""One call into a guest, step by step."""

from __future__ import annotations

import marshal
from time import monotonic_ns

from edge import _native as native
from edge.runtime.values import FORMAT, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from edge.runtime.instance import Instance

NS = 1_000_000_000

HOST_CALLS_PER_TURN = 16
"""After so many a step ends: they cost a guest hardly any fuel, and its slice begins anew with each."""


class Call:
    """A call under way. Several calls interleave when their owners step them in turn (scheduler.py).

    plugin     the plugin's name as it is shown, for host functions
    function   what is called
    ready_at   the time on `time.monotonic_ns()` before which another step would find nothing to do
    deadline   the time on the same clock at which the call ends
    results    the tuple of results, once the call is over
    """

    __slots__ = (
        "_cancelled",
        "_charged",
        "_failed",
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
        # A little later than the native library's own, which began before: what ends here has ended there.
        self.deadline = monotonic_ns() + int(instance.limits.deadline * NS)
        self._cancelled = False
        self.results: tuple[Any, ...] | None = None
        self._charged = 0
        self._failed = False

    def step(self) -> bool:
        """Runs the guest until its turn is over, it waits, or it is done; true when the call is over.

        Host functions are answered on the way. A call that ends badly raises. StateError, for a step while
        another thread has the instance, ends no call.
        """
        instance = self.instance
        if not instance.turn.acquire(False):
            instance.fail_second()
        try:
            return self._step(instance)
        finally:
            instance.turn.release()

    def _step(self, instance: Instance) -> bool:
        handle, out, functions = instance.handle, instance.out, instance.functions
        failed: Exception | None = None
        asked = -1
        host_calls = HOST_CALLS_PER_TURN
        crossing_bytes = instance.limits.crossing_bytes
        # From a guest to a host function and back may take a Pi Zero 75,000 instructions, with this loop.
        while True:
            status = native.step_call(handle, out)
            if status == native.STEP_HOST:
                asked = out.host
                try:
                    answered = functions[asked](self, *native.step_values(out))
                    try:
                        answer = marshal.dumps(answered, FORMAT)
                    except ValueError:
                        answer = encode(answered)
                except Exception as error:
                    failed = error
                    native.fail_call(instance.handle, _reason(error))
                else:
                    if len(answer) > crossing_bytes:
                        self._end_answer(asked, len(answer))
                    try:
                        native.answer_call(handle, answer)
                    except Exception:
                        # Says so, if it is because the host function closed the instance.
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
        """Steps to the end of the call, sleeping while the guest waits; answers with its results.

        What interrupts it from outside (Ctrl-C, for one) closes the instance.
        """
        try:
            while not self.step():
                if self.ready_at > monotonic_ns():
                    from edge.wait import sleep

                    sleep(self, self.ready_at)
                if self.instance.closed:
                    self._fail_closed()
        except BaseException as error:
            self.abandon(error)
            raise
        assert self.results is not None
        return self.results

    def abandon(self, error: BaseException) -> None:
        """Closes the instance after an error, unless the call ended of itself and left its cost to be read.

        Nor does a step out of order close it, which another thread may be using.
        """
        if not self._failed and getattr(error, "status", 0) != native.STATE:
            self.instance.close()

    def cancel(self) -> None:
        """Ends the call, which then raises `errors.Cancelled`; any thread may do this, or a signal handler.

        A guest that computes stops within a piece of its slice (native/src/limits.rs), a sleeper at once.
        """
        self._cancelled = True
        self.instance.cancel()

    @property
    def wake(self) -> Callable[[], None] | None:
        """Ends the sleep of whoever waits for this call."""
        return self.instance.wake

    @wake.setter
    def wake(self, wake: Callable[[], None] | None) -> None:
        self.instance.wake = wake

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled it, or closed its instance."""
        return self._cancelled or self.instance.closed

    def time_left(self) -> float:
        """Seconds until the deadline, 0 when it has passed. Host functions that take time honour it."""
        return max(0, self.deadline - monotonic_ns()) / NS

    def fuel_left(self) -> int:
        """Units of fuel that the call may still spend, exact to a piece while the guest computes."""
        return max(0, self.instance.limits.fuel - self.instance.stats.fuel - self._charged)

    def charge(self, fuel: int) -> None:
        """Counts fuel that was spent on behalf of this call; it ends when that leaves it none."""
        self._charged += fuel

    @property
    def charged(self) -> int:
        """Fuel spent on its behalf by others, which the stats of its instance do not hold."""
        return self._charged

    def _give_way(self, ready_at: int) -> bool:
        self.ready_at = ready_at
        self.instance.after_step()
        if self._charged and not self.fuel_left():
            self._use_up()
        return False

    def _end(self) -> None:
        """Ends it for a reason of which the native library does not know."""
        self._failed = True
        self.instance.cancel()
        native.step_call(self.instance.handle, self.instance.out)
        self.instance.end_log()

    def _use_up(self) -> NoReturn:
        from edge import errors

        self._end()
        raise errors.OutOfFuel(f"{self.plugin}: its fuel is used up, with what the plugins it called spent")

    def _fail_closed(self) -> NoReturn:
        from edge import errors

        raise errors.Cancelled(f"{self.plugin}: the instance was closed while the call ran")

    def _end_answer(self, asked: int, count: int) -> NoReturn:
        from edge import errors

        # The library steps on only when it has an answer, if only to end.
        native.fail_call(self.instance.handle, b"")
        self._end()
        raise errors.OverLimit(
            f"{self.plugin}: crossing: an answer of {count} bytes from {self.instance.host_function(asked)}, "
            f"the limit is {self.instance.limits.crossing_bytes}"
        )

    def _fail(self, status: int, asked: int, failed: Exception | None) -> NoReturn:
        from edge import errors

        if status != native.STATE:
            self._failed = True
            self.instance.end_log()
        try:
            native.fail_step(status, self.instance.out, self.plugin)
        except errors.HostFailed as error:
            error.message = f"{error.message} in {self.instance.host_function(asked)}"
            raise error from failed
        except (errors.OutOfMemory, errors.IoFault) as error:
            from edge.runtime import confinement

            confinement.explain(error)
            raise
        except errors.ValueMismatch as error:
            if asked >= 0:
                error.message = f"{error.message}, in the answer of {self.instance.host_function(asked)}"
            raise


def _reason(error: Exception) -> bytes:
    """Why a host function failed; what a guest gave it may be part of that."""
    from edge.text import phrase

    return f"{type(error).__name__}: {phrase(str(error))}".encode()
