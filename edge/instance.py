"""A guest with memory of its own, and the calls into it."""

from __future__ import annotations

from _thread import RLock

from edge import _native as native
from edge.call import Call
from edge.profiles import PI_ZERO
from edge.values import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.plugin import Plugin
    from edge.profiles import Limits

    Output = Callable[[int, bytes], None]

STDERR = 2


class Instance:
    """An instance of a plugin, made by its first call; it keeps its memory from call to call.

    It owns its native handle, which does not need the Plugin any more; `close`, or leaving a `with`, frees
    it. One call at a time, and but for `cancel` from one thread at a time. After a call that ended badly it
    takes no more.

    limits  what it may use; those of a Pi Zero unless others are given
    """

    __slots__ = ("_handle", "_lock", "_output", "_plugin", "limits", "out")

    def __init__(self, plugin: Plugin, limits: Limits | None, output: Output | None) -> None:
        self._plugin = plugin
        self._output = output
        self.limits = limits or PI_ZERO.limits
        self._handle: native.Instance | None = native.new_instance(
            plugin.handle, plugin.options_for(self.limits)
        )
        # Whoever cancels must not reach a handle that is being freed; a signal handler may do either while
        # its own thread does the other.
        self._lock = RLock()
        self.out = native.new_step()

    def start(self, function: str, *params: Any) -> Call:
        """Begins a call of `interface#function`, or of a function of the world itself."""
        native.start_call(self.handle, function.encode(), encode(params))
        return Call(self, self._plugin.name, function)

    def call(self, function: str, *params: Any) -> Any:
        """Calls a function to its end; answers with its result, None where it has none."""
        results = self.start(function, *params).run()
        return results[0] if results else None

    @property
    def stats(self) -> Stats:
        """What the latest call cost."""
        return Stats(*native.call_stats(self.handle))

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
        if self._output is None:
            return
        log = native.take_log(self.handle)
        if log is None:
            return
        pieces, dropped = log
        for stream, written in pieces:
            self._output(stream, written)
        if dropped:
            self._output(STDERR, b"\n[%d bytes more were dropped]\n" % dropped)

    def cancel(self) -> None:
        """Lets the call under way end at its next step (Call.cancel); any thread may do this."""
        with self._lock:
            if self._handle is not None:
                native.cancel_call(self._handle)

    def close(self) -> None:
        """Frees the instance, whatever it is doing."""
        with self._lock:
            handle, self._handle = self._handle, None
            if handle is not None:
                native.release(handle)

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
    """

    __slots__ = ("fuel", "host_calls", "memory_bytes", "slices")

    def __init__(self, fuel: int, memory_bytes: int, host_calls: int, slices: int) -> None:
        self.fuel = fuel
        self.memory_bytes = memory_bytes
        self.host_calls = host_calls
        self.slices = slices

    def __repr__(self) -> str:
        return (
            f"Stats(fuel={self.fuel}, memory_bytes={self.memory_bytes}, "
            f"host_calls={self.host_calls}, slices={self.slices})"
        )
