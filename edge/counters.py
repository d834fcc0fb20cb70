"""What the processes of one user count together: calls under way, the memory they may use, calls a minute.

What a killed process held counts until it is in the way of another, which then looks whether it lives.
Processes that can't see one another (containers with a /proc of their own) should not share the folder.
"""

from __future__ import annotations

import posix
from _thread import allocate_lock
from time import monotonic_ns

from edge.counter_file import (
    BUCKETS,
    LARGEST,
    NAME_BYTES,
    NOBODY,
    PLUGINS,
    CounterFile,
    Holder,
    Holders,
    Plugin,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

NS = 1_000_000_000
MINUTE = 60
MOST_A_MINUTE = 0xFFFF
"""Calls of one second are counted in 16 bits."""


class Counters:
    """The counters of this user, or those in the file `path`. Threads may share one.

    `seconds`: the clock that rates go by; it never goes back, whatever becomes of the time of day.
    """

    __slots__ = ("_file", "_guard", "_holders", "_keys", "_looked", "_path", "_places", "_seconds")

    def __init__(self, path: str = "", *, seconds: Callable[[], float] | None = None) -> None:
        self._path = path
        self._seconds = seconds or _seconds
        self._guard = allocate_lock()
        self._file: CounterFile | None = None
        self._keys: dict[str, bytes] = {}
        self._forget()

    def enter(
        self,
        name: str,
        *,
        memory: int = 0,
        room: int = LARGEST,
        concurrent: int = 0,
        per_minute: int = 0,
        explain: Callable[[], str] = str,
    ) -> Slot:
        """Counts a call of plugin `name` until its slot is closed, or its process ends.

        `memory`: bytes that it may use; NotAdmitted when all live calls together may use more than `room`,
        with what `explain` says of that. `concurrent`: Busy when as many calls of the plugin are under way.
        `per_minute`: RateExceeded when as many began within the last minute. 0 stands for no such limit.
        What is refused is not counted.
        """
        key = self._keys.get(name) or self._keys.setdefault(name, _key(name))
        now = int(self._seconds())
        with self._guard, self._opened(now) as file:
            holders = file.holders()
            plugin = self._plugin(file, key, now, holders)
            if holders.memory() + memory > room or (concurrent and holders.calls(plugin.at) >= concurrent):
                holders = file.bury_dead()
                if holders.memory() + memory > room:
                    _fail_room(name, memory, room, holders, explain)
                if concurrent and holders.calls(plugin.at) >= concurrent:
                    _fail_busy(name, holders.calls(plugin.at), concurrent)
            if per_minute:
                _count_rate(plugin, name, now, per_minute)
            holder = self._holder(file, key, holders)
            file.write_plugin(plugin)
            holder.memory += memory
            holder.calls += 1
            file.raise_holder(holder, plugin)
            return Slot(self, file, holder, memory)

    def leave(self, slot: Slot) -> None:
        """Counts a call no more; `Slot.close` is what to use."""
        with self._guard:
            file, holder = slot.file, slot.holder
            # After a fork, or when the file was replaced, what the slot counts is not ours to take back.
            if file is self._file and file.process == posix.getpid():
                holder.memory -= slot.memory
                holder.calls -= 1
                file.lower_holder(holder)

    def live(self) -> tuple[int, int]:
        """How many calls are under way, and how many bytes they may use."""
        with self._guard, self._opened(int(self._seconds())) as file:
            holders = file.bury_dead()
            return holders.calls(), holders.memory()

    def close(self) -> None:
        """Closes its file; slots that are open then count until the process ends."""
        with self._guard:
            self._forget()

    def __enter__(self) -> Counters:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._holders: dict[bytes, Holder] = {}
        self._places: dict[bytes, int] = {}
        self._looked = 0

    def _opened(self, now: int) -> CounterFile:
        file = self._file
        same = file is not None and file.process == posix.getpid()
        # A log-out may take the folder away; a look once a second is enough.
        if file is not None and same and (now == self._looked or file.is_there()):
            self._looked = now
            return file
        self._forget()
        self._looked = now
        from edge.shared import folder

        self._file = CounterFile(self._path or f"{folder()}/counters")
        return self._file

    def _plugin(self, file: CounterFile, key: bytes, now: int, holders: Holders) -> Plugin:
        place = self._places.get(key)
        plugin: Plugin | None = file.plugin(place) if place else None
        if plugin is not None and plugin.key == key:
            return plugin
        oldest = now - MINUTE
        plugin = file.find_plugin(key, oldest, holders) or file.find_plugin(key, oldest, file.bury_dead())
        if plugin is None:
            _fail_full(f"{PLUGINS} plugins were called within a minute")
        self._places[key] = plugin.at
        return plugin

    def _holder(self, file: CounterFile, key: bytes, holders: Holders) -> Holder:
        holder = self._holders.get(key)
        if holder is not None and file.is_held(holders, holder):
            return holder
        holder = file.new_holder(holders) or file.new_holder(file.bury_dead())
        if holder is None:
            _fail_full("Too many processes have calls under way")
        self._holders[key] = holder
        return holder


class Slot:
    """A call that counts. Leaving a `with`, or `close`, ends that; in a forked child they do nothing."""

    __slots__ = ("_counters", "file", "holder", "memory")

    def __init__(self, counters: Counters, file: CounterFile, holder: Holder, memory: int) -> None:
        self._counters: Counters | None = counters
        self.file = file
        self.holder = holder
        self.memory = memory

    def close(self) -> None:
        """Does not count any more; closing twice is fine."""
        counters, self._counters = self._counters, None
        if counters is not None:
            counters.leave(self)

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _count_rate(plugin: Plugin, name: str, now: int, per_minute: int) -> None:
    begun = plugin.begun
    now = max(now, plugin.newest)
    if now != plugin.newest:
        # What is left are the 61 seconds into which the last minute reaches: the one of now has only begun.
        for second in range(max(plugin.newest - MINUTE, now - BUCKETS + 1), now - MINUTE):
            _set(begun, second, 0)
        for second in range(max(plugin.newest + 1, now - BUCKETS + 1), now + 1):
            _set(begun, second, 0)
        plugin.newest = now
    if sum(begun[::2]) + (sum(begun[1::2]) << 8) >= min(per_minute, MOST_A_MINUTE):
        oldest = next(second for second in range(now - MINUTE, now + 1) if _get(begun, second))
        _fail_rate(name, per_minute, oldest + MINUTE + 1 - now)
    _set(begun, now, _get(begun, now) + 1)


def _get(begun: bytearray, second: int) -> int:
    at = 2 * (second % BUCKETS)
    return begun[at] | begun[at + 1] << 8


def _set(begun: bytearray, second: int, calls: int) -> None:
    at = 2 * (second % BUCKETS)
    begun[at : at + 2] = calls.to_bytes(2, "little")


def _fail_room(name: str, memory: int, room: int, holders: Holders, explain: Callable[[], str]) -> NoReturn:
    from edge import errors

    calls, held = holders.calls(), holders.memory()
    others = f"{calls} other{'' if calls == 1 else 's'} may use {megabytes(held)}"
    raise errors.NotAdmitted(
        f"{name or 'This call'} may use {megabytes(memory)}, {others}, and there is room for "
        f"{megabytes(room)}{explain()}"
    )


def _fail_busy(name: str, calls: int, concurrent: int) -> NoReturn:
    from edge import errors

    raise errors.Busy(f"{name}: {calls} of its calls are under way, and {concurrent} may be")


def _fail_rate(name: str, per_minute: int, wait: int) -> NoReturn:
    from edge import errors

    raise errors.RateExceeded(
        f"{name}: it was called {per_minute} times within a minute, which is its limit",
        f"Call it again in {wait} s; calls_per_minute of its limits says how often",
    )


def _fail_full(what: str) -> NoReturn:
    from edge import errors

    raise errors.NotAdmitted(f"{what}, and more can't be counted")


def megabytes(number: int) -> str:
    """A figure for people."""
    return f"{number / (1 << 20):.1f} MB"


def _key(name: str) -> bytes:
    key = name.encode("utf-8", "surrogateescape").ljust(NAME_BYTES, b"\0")
    if len(key) == NAME_BYTES and key != NOBODY:
        return key
    from edge import errors

    raise errors.OptionsError(f"A plugin can't be counted as {name!r}", f"Names have 1 to {NAME_BYTES} bytes")


def _seconds() -> float:
    return monotonic_ns() // NS
