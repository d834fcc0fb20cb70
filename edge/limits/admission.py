"""Whether there is memory for another call: what all may use at most, against what this machine has free.

An instance may use its memory limit, a stack and what the library needs for it (INSTANCE_BYTES). The sum over
all calls under way, of all `edge` processes of this user, must fit into the smaller of two: what the device's
profile sets aside for plugins, and what is free now less RESERVE_BYTES for everybody else. Free is the least
of MemAvailable and of what the control groups of this process leave. What calls under way have touched by now
is counted twice, as promised and as no more free: it errs on the side of the device. RATIONALE, "Why a call
is admitted before its plugin is loaded".
"""

from __future__ import annotations

from edge import _native as native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.limits import Limits, Profile
    from edge.limits.counters import Counters, Slot

KB = 1 << 10
MB = 1 << 20

INSTANCE_BYTES = 512 * KB
"""Beside memory and guest stack: host stack (256 kB), tables, store, what one crossing holds on average."""

RESERVE_BYTES = 24 * MB
"""Left to the rest of the device: below this a Pi Zero begins to throw out the programs it runs."""

UNKNOWN = (1 << 64) - 1


class Admission:
    """Admits calls to a device, by its Profile: memory for all; calls a minute and at once of each plugin."""

    __slots__ = ("_counters", "_device")

    def __init__(self, counters: Counters, device: Profile) -> None:
        self._counters = counters
        self._device = device

    def admit(
        self, name: str, limits: Limits, *, concurrent: int | None = None, per_minute: int | None = None
    ) -> Slot:
        """Counts a call of plugin `name` under way until the slot that it answers with is closed.

        `concurrent`, `per_minute`: the plugin's own, instead of the profile's; 0 for no limit. Raises
        NotAdmitted, Busy or RateExceeded, with the figures.
        """
        device = self._device
        return self._counters.enter(
            name,
            memory=need(limits, device),
            room=device.memory,
            reserve=RESERVE_BYTES,
            concurrent=device.concurrent_calls if concurrent is None else concurrent,
            per_minute=device.calls_per_minute if per_minute is None else per_minute,
            explain=self._profile_decides,
        )

    def _profile_decides(self) -> str:
        return f": the {self._device.name} profile has no more for all plugins"


def need(limits: Limits, device: Profile) -> int:
    """Bytes that one instance may use."""
    return limits.memory + device.stack_bytes + INSTANCE_BYTES


def free_bytes(root: str = "") -> int:
    """Bytes that this machine, or this process's share of it, has free; UNKNOWN where nothing says so.

    `root`: the folder in which /proc and /sys say it, for tests.
    """
    return native.free_bytes(root.encode())
