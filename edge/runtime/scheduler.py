"""Runs several calls on one core in turn.

A turn is one step of a call: at most a slice of its fuel (Limits.slice_fuel), or until it waits, or a number
of host functions (call.py). So each other call delays a call by at most one turn. A host function is not
interrupted; while one waits, all calls of its scheduler wait. RATIONALE, "Why a
slice runs in pieces, and code pages are released between them".
"""

from __future__ import annotations

from time import monotonic_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge.runtime.call import Call
    from edge.wait import Wake


class Task:
    """A call that a scheduler runs.

    call     the Call
    done     whether it is over
    results  its results, None until then
    error    its exception if it failed, otherwise None
    """

    __slots__ = ("call", "done", "error", "results")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.done = False
        self.results: tuple[Any, ...] | None = None
        self.error: Exception | None = None

    def result(self) -> Any:
        """The call's result, None if it has none; raises its exception."""
        if self.error is not None:
            raise self.error
        return self.results[0] if self.results else None

    def turn(self) -> None:
        """Makes one step; stores the result or exception of a call that ends."""
        try:
            self.done = self.call.step()
            self.results = self.call.results
        except Exception as error:
            # Any exception concerns only this call.
            self.error = error
            self.done = True
            self.call.abandon(error)


class Scheduler:
    """Runs the calls that are added to it. One thread runs it; any thread may add or cancel.

    Leaving a `with`, or `close`, frees the instances of calls that are not over. An interrupt of `run` (such
    as Ctrl-C) closes it.
    """

    __slots__ = ("_added", "_closed", "_ready", "_sleeping", "_wake")

    def __init__(self) -> None:
        self._added: list[Task] = []
        self._ready: list[Task] = []
        self._sleeping: list[Task] = []
        self._wake: Wake | None = None
        self._closed = False

    def add(self, call: Call) -> Task:
        """Adds a call from the next round on; `errors.StateError` if the scheduler is closed."""
        if self._closed:
            from edge import errors

            raise errors.StateError("This scheduler is closed", "Create another one")
        task = Task(call)
        call.wake = self._rouse
        self._added.append(task)
        self._rouse()
        return task

    def run(self) -> None:
        """Runs until every call is over, including calls added meanwhile."""
        try:
            while self.turn():
                pass
        except BaseException:
            self.close()
            raise
        self._drop_wake()

    def turn(self) -> bool:
        """Steps the call that waited longest, or sleeps until one is ready; false if all are over."""
        while self._added:
            self._ready.append(self._added.pop(0))
        if self._sleeping:
            self._take_awake(monotonic_ns())
        if not self._ready:
            if self._sleeping:
                self._sleep()
            return bool(self._sleeping)
        task = self._ready[0]
        task.turn()
        # After the turn: an interrupted turn must find its call among those to close.
        del self._ready[0]
        if not task.done:
            (self._sleeping if task.call.ready_at > monotonic_ns() else self._ready).append(task)
        return True

    def tasks(self) -> Sequence[Task]:
        """The tasks that are not over."""
        return [task for task in (*self._added, *self._ready, *self._sleeping) if not task.done]

    def close(self) -> None:
        """Frees the instances of calls that are not over; no calls can be added afterwards."""
        self._closed = True
        for task in self.tasks():
            task.call.instance.close()
        self._added, self._ready, self._sleeping = [], [], []
        self._drop_wake()

    def _take_awake(self, now: int) -> None:
        for task in [task for task in self._sleeping if task.call.ready_at <= now or task.call.cancelled]:
            self._sleeping.remove(task)
            self._ready.append(task)

    def _sleep(self) -> None:
        from select import POLLIN, poll

        from edge.wait import Wake, poll_until

        wake = self._wake
        if wake is None:
            wake = self._wake = Wake()
        # Calls may have been added or cancelled before the wake existed.
        if self._added or any(task.call.cancelled for task in self._sleeping):
            return
        polled = poll()
        polled.register(wake.fd, POLLIN)
        if poll_until(polled, min(task.call.ready_at for task in self._sleeping)):
            wake.clear()

    def _rouse(self) -> None:
        wake = self._wake
        if wake is not None:
            wake()

    def _drop_wake(self) -> None:
        wake, self._wake = self._wake, None
        if wake is not None:
            wake.close()

    def __enter__(self) -> Scheduler:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
