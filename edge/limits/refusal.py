"""Counting that does not succeed at once: retries, and the errors of refusals.

A call that succeeds never imports this.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, files
from edge.files import runtime_dir
from edge.limits import LARGEST, NAMELESS

FIELDS = ("memory", "room", "reserve", "concurrent", "per_minute", "seconds")
NARROW = (1 << 32) - 1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from edge.limits.admission import Asked, Counters


def enter(
    counters: Counters, name: str, asked: Asked, explain: Callable[[], str]
) -> tuple[native.Counters, int]:
    """Counts a call after retries; returns the handle and the slot."""
    count = native.new_count()
    handles = _handles(counters, count)
    while True:
        handle = next(handles)
        number: int = native.enter_counters(handle, *asked, count)
        if number:
            return handle, number
        if not _can_ask_again(count):
            _refuse(count, counters.path, name, asked, explain)


def refuse_amounts(name: str, asked: Asked) -> NoReturn:
    """Raises the error for the amount that is outside its range."""
    who = "A call" if name == NAMELESS else name
    for what, amount, most in zip(FIELDS, asked[2:], (LARGEST, LARGEST, LARGEST, NARROW, NARROW, LARGEST)):
        if not isinstance(amount, int) or not 0 <= amount <= most:
            raise errors.OptionsError(
                f"{who} cannot be counted: {what} is {amount!r}; it must be a whole number from 0 to {most}"
            )
    raise errors.OptionsError(f"{who} cannot be counted: an amount is outside its range")


def live(counters: Counters, seconds: int) -> tuple[int, int]:
    """The number of running calls, and the bytes they may use."""
    count = native.new_count()
    for handle in _handles(counters, count):
        if native.live_counters(handle, seconds, count) == native.OK:
            break
        if not _can_ask_again(count):
            fail_system(count.error, counters.path)
    return count.calls, count.memory


def _can_ask_again(count: native.Count) -> bool:
    return count.kind in (native.COUNT_CLOSED, native.COUNT_LOCKED)


def _handles(counters: Counters, count: native.Count) -> Iterator[native.Counters]:
    handle = counters.handle or counters.open()
    pauses = runtime_dir.pauses(counters.path)
    while True:
        yield handle
        if count.kind == native.COUNT_CLOSED:
            handle = counters.open()
        else:
            next(pauses)


def _refuse(count: native.Count, path: str, name: str, asked: Asked, explain: Callable[[], str]) -> NoReturn:
    _, _, memory, room, reserve, concurrent, per_minute, _ = asked
    if count.kind == native.COUNT_MEMORY:
        _fail_memory(count, "This call" if name == NAMELESS else name, memory, room, reserve, explain)
    if count.kind == native.COUNT_BUSY:
        running = "call is" if count.calls == 1 else "calls are"
        raise errors.Busy(f"{name}: {count.calls} {running} running; the limit is {concurrent}")
    if count.kind == native.COUNT_RATE:
        raise errors.RateExceeded(
            f"{name}: the limit of {per_minute} call{'' if per_minute == 1 else 's'} a minute is reached",
            f"Try again in {count.wait} s; the limit is calls_per_minute",
        )
    if count.kind == native.COUNT_PLUGINS:
        plugins = f"{native.COUNTED_PLUGINS} plugins were called within a minute"
        raise errors.NotAdmitted(f"{plugins}; no more can be counted")
    if count.kind == native.COUNT_HOLDERS:
        raise errors.NotAdmitted("Too many processes have running calls; no more can be counted")
    if count.kind == native.COUNT_NAME:
        remedy = f"Names have 1 to {native.COUNTED_NAME} bytes"
        raise errors.OptionsError(f"A plugin cannot be counted as {name!r}", remedy)
    fail_system(count.error, path)


def _fail_memory(
    count: native.Count, name: str, memory: int, room: int, reserve: int, explain: Callable[[], str]
) -> NoReturn:
    others = f"{count.calls} other{'' if count.calls == 1 else 's'} may use {_megabytes(count.memory)}"
    left = max(0, count.free - reserve) if reserve != LARGEST else LARGEST
    free = f": {_megabytes(count.free)} are free, and {_megabytes(reserve)} are reserved for other programs"
    raise errors.NotAdmitted(
        f"{name} may use {_megabytes(memory)}, {others}, and "
        f"{_megabytes(min(room, left))} are available{explain() if room <= left else free}",
        _remedy(count, memory, room),
    )


def _remedy(count: native.Count, memory: int, room: int) -> str:
    """Waiting helps only if other calls are running."""
    if memory > room:
        return (
            "It never fits on this device: `edge run --memory MB` sets a lower limit; its author can "
            "declare less"
        )
    return (
        ""
        if count.calls
        else "Close other programs, or declare less memory under [edge.limits] in the manifest"
    )


def fail_system(error: int, path: str) -> NoReturn:
    """Raises the error for an errno on the file."""
    files.raise_for(path, OSError(error, posix.strerror(error)))


def _megabytes(number: int) -> str:
    return f"{number / (1 << 20):.1f} MB"
