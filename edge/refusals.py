"""What Counters and Admission raise when a call is not counted, with the figures.

A call that goes well never imports this.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, files
from edge.counters import LARGEST, NAMELESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from edge.counters import Asked


def fail(count: native.Count, path: str, asked: Asked, explain: Callable[[], str]) -> NoReturn:
    """Raises what it means that a call does not count; `path` is the file that it does not count in."""
    key, _, memory, room, reserve, concurrent, per_minute, _ = asked
    name = key.decode("utf-8", "surrogateescape")
    if count.kind == native.COUNT_MEMORY:
        _fail_memory(count, "This call" if name == NAMELESS else name, memory, room, reserve, explain)
    if count.kind == native.COUNT_BUSY:
        raise errors.Busy(f"{name}: {count.calls} of its calls are under way, and {concurrent} may be")
    if count.kind == native.COUNT_RATE:
        raise errors.RateExceeded(
            f"{name}: it was called {per_minute} times within a minute, which is its limit",
            f"Call it again in {count.wait} s; calls_per_minute of its limits says how often",
        )
    if count.kind == native.COUNT_PLUGINS:
        plugins = f"{native.COUNTED_PLUGINS} plugins were called within a minute"
        raise errors.NotAdmitted(f"{plugins}, and more can't be counted")
    if count.kind == native.COUNT_HOLDERS:
        raise errors.NotAdmitted("Too many processes have calls under way, and more can't be counted")
    if count.kind == native.COUNT_NAME:
        remedy = f"Names have 1 to {native.COUNTED_NAME} bytes"
        raise errors.OptionsError(f"A plugin can't be counted as {name!r}", remedy)
    fail_system(count.error, path)


def _fail_memory(
    count: native.Count, name: str, memory: int, room: int, reserve: int, explain: Callable[[], str]
) -> NoReturn:
    others = f"{count.calls} other{'' if count.calls == 1 else 's'} may use {megabytes(count.memory)}"
    left = max(0, count.free - reserve) if reserve != LARGEST else LARGEST
    free = f": {megabytes(count.free)} are free, and {megabytes(reserve)} are left to others"
    raise errors.NotAdmitted(
        f"{name} may use {megabytes(memory)}, {others}, and there is room for "
        f"{megabytes(min(room, left))}{explain() if room <= left else free}"
    )


def megabytes(number: int) -> str:
    """A figure for people."""
    return f"{number / (1 << 20):.1f} MB"


def fail_system(error: int, path: str) -> NoReturn:
    """Raises what an errno on the file means."""
    files.raise_for(path, OSError(error, posix.strerror(error)))
