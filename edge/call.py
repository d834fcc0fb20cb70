"""One call into a guest, step by step."""

from __future__ import annotations

import marshal
from time import monotonic_ns, sleep

from edge import _native as native
from edge.values import FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.instance import Instance

NS = 1_000_000_000


class Call:
    """A call under way. Several calls interleave when their owners step them in turn.

    plugin    the plugin's name, for host functions
    function  what is called
    ready_at  the time on `time.monotonic_ns()` before which another step would find nothing to do
    results   the tuple of results, once the call is over
    """

    __slots__ = ("_failed", "function", "instance", "plugin", "ready_at", "results")

    def __init__(self, instance: Instance, plugin: str, function: str) -> None:
        self.instance = instance
        self.plugin = plugin
        self.function = function
        self.ready_at = 0
        self.results: tuple[Any, ...] | None = None
        self._failed = False

    def step(self) -> bool:
        """Runs the guest until its slice is used up, it waits, or it is done; true when the call is over.

        Host functions are answered on the way. A call that ends badly raises.
        """
        instance = self.instance
        handle, out, functions = instance.handle, instance.out, instance.functions
        failed: Exception | None = None
        asked = -1
        # From a guest to a host function and back may take a Pi Zero 75,000 instructions, with this loop.
        while True:
            status = native.step_call(handle, out)
            if status == native.STEP_HOST:
                asked = out.host
                try:
                    answer = marshal.dumps(functions[asked](self, *native.step_values(out)), FORMAT)
                except Exception as error:
                    failed = error
                    native.fail_call(
                        instance.handle, f"{type(error).__name__}: {error}".encode("utf-8", "replace")
                    )
                else:
                    # Asked for again, because the host function may have closed the instance.
                    native.answer_call(instance.handle, answer)
            elif status == native.STEP_DONE:
                self.results = native.step_values(out)
                instance.after_step()
                return True
            elif status == native.STEP_SLICE:
                self.ready_at = 0
                instance.after_step()
                return False
            elif status == native.STEP_WAIT:
                self.ready_at = out.until
                instance.after_step()
                return False
            else:
                self._fail(status, asked, failed)

    def run(self) -> tuple[Any, ...]:
        """Steps to the end of the call, sleeping while the guest waits; answers with its results.

        What interrupts it from outside (Ctrl-C, for one) closes the instance.
        """
        try:
            while not self.step():
                delay = self.ready_at - monotonic_ns()
                if delay > 0:
                    sleep(delay / NS)
        except BaseException:
            if not self._failed:
                self.instance.close()
            raise
        assert self.results is not None
        return self.results

    def cancel(self) -> None:
        """Ends the call at its next step, which raises `errors.Cancelled`; any thread may do this."""
        native.cancel_call(self.instance.handle)

    def _fail(self, status: int, asked: int, failed: Exception | None) -> None:
        from edge import errors

        self._failed = True
        self.instance.after_step()
        try:
            native.fail_step(status, self.instance.out, self.plugin)
        except errors.HostFailed as error:
            error.message = f"{error.message} in {self.instance.host_function(asked)}"
            raise error from failed
        except errors.ValueMismatch as error:
            if asked >= 0:
                error.message = f"{error.message}, in the answer of {self.instance.host_function(asked)}"
            raise
