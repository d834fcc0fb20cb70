"""Whether there is memory for another call: what all may use at most, against what this machine has free.

An instance may use its memory limit, a stack and what the library needs for it (INSTANCE_BYTES). The sum over
all calls under way, of all `edge` processes of this user, must fit into the smaller of two: what the device's
profile sets aside for plugins, and what is free now less RESERVE_BYTES for everybody else. Free is the least
of MemAvailable and of what the control groups of this process leave. What calls under way have touched by now
is counted twice, as promised and as no more free: it errs on the side of the device.
"""

from __future__ import annotations

import posix
from time import monotonic_ns

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.counters import Counters, Slot
    from edge.profiles import Limits, Profile

KB = 1 << 10
MB = 1 << 20

INSTANCE_BYTES = 512 * KB
"""Beside memory and guest stack: host stack (256 kB), tables, store, what one crossing holds on average."""

RESERVE_BYTES = 24 * MB
"""Left to the rest of the device: below this a Pi Zero begins to throw out the programs it runs."""

FRESH_NS = 1_000_000_000
"""For so long what was free counts as free."""

UNKNOWN = (1 << 64) - 1

MEMINFO = "/proc/meminfo"
CGROUP = "/proc/self/cgroup"
CGROUP_ROOT = "/sys/fs/cgroup"


class Admission:
    """Admits calls to a device, by its Profile: memory for all; calls a minute and at once of each plugin."""

    __slots__ = ("_counters", "_device", "_free", "_looked")

    def __init__(self, counters: Counters, device: Profile) -> None:
        self._counters = counters
        self._device = device
        self._free = 0
        self._looked = 0

    def admit(
        self, name: str, limits: Limits, *, concurrent: int | None = None, per_minute: int | None = None
    ) -> Slot:
        """Counts a call of plugin `name` under way until the slot that it answers with is closed.

        `concurrent`, `per_minute`: the plugin's own, instead of the profile's; 0 for no limit. Raises
        NotAdmitted, Busy or RateExceeded, with the figures.
        """
        device = self._device
        free = self._look()
        return self._counters.enter(
            name,
            memory=need(limits, device),
            room=min(device.memory, max(0, free - RESERVE_BYTES)),
            concurrent=device.concurrent_calls if concurrent is None else concurrent,
            per_minute=device.calls_per_minute if per_minute is None else per_minute,
            explain=lambda: _explain(device, free),
        )

    def _look(self) -> int:
        # The kernel takes longer to say it than a small call lasts.
        now = monotonic_ns()
        if now >= self._looked + FRESH_NS or not self._looked:
            self._free = free_bytes()
            self._looked = now
        return self._free


def check(name: str, limits: Limits, device: Profile) -> None:
    """Raises NotAdmitted where the call of a plugin finds no room, whatever else is under way."""
    wanted, free = need(limits, device), free_bytes()
    room = min(device.memory, max(0, free - RESERVE_BYTES))
    if wanted <= room:
        return
    from edge import errors
    from edge.counters import megabytes

    raise errors.NotAdmitted(
        f"{name} may use {megabytes(wanted)}, and there is room for {megabytes(room)}{_explain(device, free)}"
    )


def need(limits: Limits, device: Profile) -> int:
    """Bytes that one instance may use."""
    return limits.memory + device.stack_bytes + INSTANCE_BYTES


def free_bytes() -> int:
    """Bytes that this machine, or this process's share of it, has free."""
    return min((_available(), *_groups_leave()))


def _explain(device: Profile, free: int) -> str:
    from edge.counters import megabytes

    if device.memory <= free - RESERVE_BYTES:
        return f": the {device.name} profile has no more for all plugins"
    return f": {megabytes(free)} are free, and {megabytes(RESERVE_BYTES)} are left to others"


def _available() -> int:
    # The third line of some fifty; a kernel before 3.14 has none.
    head, found, tail = _read(MEMINFO, 512).partition("MemAvailable:")
    return int(tail.split(None, 1)[0]) * KB if found and head else UNKNOWN


def _groups_leave() -> Iterator[int]:
    """What every control group that this process is in leaves, from its own up to the root."""
    for line in _read(CGROUP, 4096).split("\n"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            yield from _leave(CGROUP_ROOT, path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            yield from _leave(f"{CGROUP_ROOT}/memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes")


def _leave(root: str, path: str, limit: str, usage: str) -> Iterator[int]:
    path = path.rstrip("/")
    while True:
        most = _read(f"{root}{path}/{limit}", 32).strip()
        # "max" in version 2, something near 2^63 in version 1.
        if most.isdigit() and int(most) < 1 << 60:
            used = int(_read(f"{root}{path}/{usage}", 32).strip() or "0")
            yield max(0, int(most) - max(0, used - _cached(f"{root}{path}/memory.stat")))
        if not path:
            return
        path = path.rpartition("/")[0]


def _cached(path: str) -> int:
    """Bytes of files that a control group holds in memory and would give up for anything else."""
    # Version 1 has a figure with the groups below it as well, and that is the one that counts there.
    for name in ("\ntotal_inactive_file ", "\ninactive_file "):
        _, found, tail = _read(path, 4096).partition(name)
        if found:
            return int(tail.split(None, 1)[0])
    return 0


def _read(path: str, count: int) -> str:
    try:
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return files.decode(posix.read(fd, count))
    except OSError:
        return ""
    finally:
        posix.close(fd)
