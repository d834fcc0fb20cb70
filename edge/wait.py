"""Waiting that ends at the call's deadline, and when the call is cancelled.

A host function runs between two steps of its guest, where the native library cannot interrupt it. Host
functions that wait use `wait`; those that work for long check `Call.time_left()` and `Call.cancelled`. One
that overruns is not stopped, but its call then ends with DeadlineExceeded.
"""

from __future__ import annotations

import posix
from _thread import RLock
from time import monotonic_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.runtime.call import Call

NS = 1_000_000_000
NS_PER_MS = 1_000_000
MAX_POLL_MS = 1 << 30
"""poll takes a C int; restarting a wait of twelve days has no effect."""


class Wake:
    """Ends a poll from another thread, or from a signal handler. `close` releases its two descriptors."""

    __slots__ = ("_lock", "_write", "fd")

    def __init__(self) -> None:
        self.fd, self._write = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
        # Waking must not write into a descriptor that was closed and reused meanwhile; a signal handler may
        # interrupt the thread that holds the lock.
        self._lock = RLock()

    def __call__(self) -> None:
        """Ends the current poll, or the next one."""
        with self._lock:
            if self._write >= 0:
                try:
                    posix.write(self._write, b"!")
                except BlockingIOError:  # pragma: no cover -- it has been woken 65,536 times
                    return

    def clear(self) -> None:
        """Resets the wake-ups so far."""
        try:
            while posix.read(self.fd, 4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Closes its descriptors; waking has no effect from then on."""
        with self._lock:
            if self._write >= 0:
                posix.close(self.fd)
                posix.close(self._write)
                self._write = -1


def wait(
    call: Call, *, readable: Iterable[int] = (), writable: Iterable[int] = (), seconds: float | None = None
) -> list[int]:
    """Waits for descriptors; returns those that are ready, or none after this many seconds.

    For host functions. Raises DeadlineExceeded or Cancelled, which a host function must pass on.
    """
    until = call.deadline
    if seconds is not None and seconds < call.time_left():
        until = min(until, monotonic_ns() + int(max(0, seconds) * NS))
    ready = _poll(call, readable, writable, until)
    if call.cancelled:
        from edge import errors

        raise errors.Cancelled("The call was cancelled")
    if not ready and monotonic_ns() >= call.deadline:
        from edge import errors

        raise errors.DeadlineExceeded("The call reached its deadline while the host waited")
    return ready


def sleep(call: Call, until: int) -> None:
    """Sleeps until a time on `time.monotonic_ns()`, or until the call is cancelled."""
    _poll(call, (), (), until)


def poll_until(poll: object, until: int) -> list[tuple[int, int]]:
    """`poll.poll` until a time on `time.monotonic_ns()`."""
    while True:
        left = until - monotonic_ns()
        # Rounded up: waking early would spin for the rest of the millisecond.
        milliseconds = min(max(0, -(-left // NS_PER_MS)), MAX_POLL_MS)
        events: list[tuple[int, int]] = poll.poll(milliseconds)  # type: ignore[attr-defined]
        if events or monotonic_ns() >= until:
            return events


def _poll(call: Call, readable: Iterable[int], writable: Iterable[int], until: int) -> list[int]:
    import select

    poll = select.poll()
    masks: dict[int, int] = {}
    for fd in readable:
        masks[fd] = select.POLLIN
    for fd in writable:
        masks[fd] = masks.get(fd, 0) | select.POLLOUT
    for fd, mask in masks.items():
        poll.register(fd, mask)
    wake, before = Wake(), call.wake
    try:
        poll.register(wake.fd, select.POLLIN)
        call.wake = wake
        # Cancelled before the wait began.
        if call.cancelled:
            return []
        return [fd for fd, _ in poll_until(poll, until) if fd != wake.fd]
    finally:
        call.wake = before
        wake.close()
