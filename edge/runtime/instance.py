"""A guest with memory of its own, and the calls into it."""

from __future__ import annotations

from _thread import allocate_lock

from edge import _native as native
from edge.limits import PI_ZERO
from edge.runtime.call import Call
from edge.runtime.values import encode
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from edge.limits import Limits
    from edge.runtime.plugin import Plugin

    Output = Callable[[int, bytes], None]

STDERR = 2


class Instance:
    """An instance of a plugin, made by its first call; it keeps its memory from call to call.

    It owns its native handle, which does not need the Plugin any more; `close`, or leaving a `with`, frees
    the guest. One call at a time, and one thread at a time steps it: a second one gets StateError. Any thread
    may cancel, close, and read `stats`. After a call that ended badly it takes no more.

    limits  what it may use; those of a Pi Zero unless others are given
    turn    held by the thread that steps it, until it has read what the library handed out
    wake    ends the sleep of whoever waits for its call
    """

    __slots__ = (
        "_handle",
        "_is_line_open",
        "_log_dropped",
        "_log_left",
        "_output",
        "_plugin",
        "limits",
        "out",
        "turn",
        "wake",
    )

    def __init__(self, plugin: Plugin, limits: Limits | None, output: Output | None) -> None:
        self._plugin = plugin
        self._output = output
        self.limits = limits or PI_ZERO.limits
        self._handle: native.Instance | None = native.new_instance(
            plugin.handle, plugin.options_for(self.limits)
        )
        self.turn = allocate_lock()
        self.wake: Callable[[], None] | None = None
        self.out = native.new_step()
        self._log_left = self._log_dropped = 0
        self._is_line_open = False

    def start(self, function: str, *params: Any) -> Call:
        """Begins a call of `interface#function`, or of a function of the world itself."""
        if not self.turn.acquire(False):
            self.fail_second()
        try:
            native.start_call(self.handle, function.encode(), encode(params))
            self._log_left = self.limits.log_bytes
            self._log_dropped = 0
            return Call(self, word(self._plugin.name), function)
        finally:
            self.turn.release()

    def call(self, function: str, *params: Any) -> Any:
        """Calls a function to its end; answers with its result, None where it has none."""
        results = self.start(function, *params).run()
        return results[0] if results else None

    @property
    def stats(self) -> Stats:
        """What the latest call cost."""
        return Stats(*native.call_stats(self.handle), self._log_dropped)

    @property
    def handle(self) -> native.Instance:
        """The native instance; an error once it is freed."""
        if self._handle is None:
            from edge import errors

            raise errors.StateError("This instance is closed", "Make another one with Plugin.instance()")
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether it is freed."""
        return self._handle is None

    @property
    def functions(self) -> tuple[Any, ...]:
        """Host functions in the order in which the native library knows them."""
        return self._plugin.functions

    def host_function(self, place: int) -> str:
        """The name of a host function."""
        return self._plugin.provides.split(b"\n")[place].decode()

    def after_step(self) -> None:
        """Hands on what the guest wrote meanwhile."""
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
        """How many of `count` bytes the call may still log, which are taken; the others count as dropped."""
        room = count if count <= self._log_left else self._log_left
        self._log_left -= room
        self._log_dropped += count - room
        return room

    def end_log(self) -> None:
        """Hands on what the guest wrote last, and says how much of all that it logged was dropped."""
        if self._output is None:
            return
        self.after_step()
        if self._log_dropped:
            end = b"\n" if self._is_line_open else b""
            self._output(STDERR, b"%s[%d bytes more were dropped]\n" % (end, self._log_dropped))
            self._is_line_open = False

    def cancel(self) -> None:
        """Lets the call under way end at its next step (Call.cancel); any thread may do this."""
        handle = self._handle
        if handle is not None:
            native.cancel_call(handle)
        self._rouse()

    def close(self) -> None:
        """Frees the guest and cancels its call; any thread may do this.

        While another thread steps it, that is when the step ends.
        """
        handle, self._handle = self._handle, None
        if handle is not None:
            native.release(handle)
        self._rouse()

    def fail_second(self) -> NoReturn:
        """Raises what a second user of the instance is told."""
        from edge import errors

        raise errors.StateError(
            "This instance is in use, by another thread or by the call that asks its host function",
            "One thread at a time: give each an instance of its own (Plugin.instance)",
        )

    def _rouse(self) -> None:
        wake = self.wake
        if wake is not None:
            wake()

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Stats:
    """What a call cost.

    fuel          units spent, the same on every CPU
    memory_bytes  linear memory of the instance
    host_calls    calls that left the sandbox
    slices        times it gave way to others
    log_dropped   bytes that it logged over its limit, events and standard streams together
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
