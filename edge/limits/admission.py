"""Admission: whether there is room for another call, by the most that all calls may use.

An instance may use its memory limit, a stack and the library's own needs (INSTANCE_BYTES). The sum over all
running calls, in all `edge` processes of this user, must fit into both the memory that the device's profile
allows plugins and the free memory less RESERVE_BYTES for other programs. Free memory is the minimum of
MemAvailable and of what the control groups of this process leave. Memory that running calls use already
counts twice, as promised and as not free: this errs on the side of the device. RATIONALE, "Why a call
is admitted before its plugin is loaded".

All processes of one user share counters of running calls, the memory they may use, and calls a minute. A
killed process stays counted until it is in the way of another, which then checks whether it lives. Processes
that cannot see one another (containers with their own /proc) should not share the folder.
"""

from __future__ import annotations

from edge import _native as native
from edge import files
from edge.limits import KB, LARGEST, MB, NAMELESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge.limits import Limits, Profile

    Asked = tuple[bytes, int, int, int, int, int, int, int]

INSTANCE_BYTES = 512 * KB
"""In addition to memory and guest stack: host stack (256 kB), tables, store, an average crossing."""

RESERVE_BYTES = 24 * MB
"""Reserved for other programs: with less, a Pi Zero begins to evict the code of running programs."""

UNKNOWN = (1 << 64) - 1

LONG_DIGITS = 40
"""Length of the digest that replaces a name which is too long."""


class Admission:
    """Admits calls by a device's Profile: memory of all; calls a minute, and at once, of each plugin."""

    __slots__ = ("_counters", "_device")

    def __init__(self, counters: Counters, device: Profile) -> None:
        self._counters = counters
        self._device = device

    def admit(
        self, name: str, limits: Limits, *, concurrent: int | None = None, per_minute: int | None = None
    ) -> Slot:
        """Counts a call of plugin `name` as running until the returned slot is closed.

        `concurrent`, `per_minute`: the plugin's limits, instead of the profile's; 0 for no limit. Raises
        NotAdmitted, Busy or RateExceeded, with the numbers.
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
        return f": the {self._device.name} profile allows no more for all plugins"


class Counters:
    """The counters of this user, or those in the file `path`. Threads may share one.

    Memory is summed over all calls of a user. Other counters are kept for each plugin and each data folder,
    since another data folder may have a plugin of the same name.

    path    the file, after it was opened
    handle  the native counters, while it is open

    `seconds`: the clock for rates, never 0 and monotonic. `root`: the folder with /proc and /sys, for tests.
    """

    __slots__ = ("_own", "_path", "_root", "_seconds", "handle", "path")

    def __init__(self, path: str = "", *, seconds: Callable[[], float] | None = None, root: str = "") -> None:
        self.handle: native.Counters | None = None
        self._own = b""
        self._path = self.path = path
        self._root = root.encode()
        self._seconds = seconds

    def enter(
        self,
        name: str,
        *,
        memory: int = 0,
        room: int = LARGEST,
        reserve: int = LARGEST,
        concurrent: int = 0,
        per_minute: int = 0,
        explain: Callable[[], str] = str,
    ) -> Slot:
        """Counts a call of plugin `name` until its slot is closed, or its process ends.

        `memory`: bytes that it may use. NotAdmitted if all running calls together may use more than `room`
        (`explain` adds the reason to the message), or more than the free memory less `reserve`; LARGEST
        ignores free memory. `concurrent`: Busy if as many calls of the plugin are running. `per_minute`:
        RateExceeded if as many started within the last minute. 0 means no limit. Refused calls are not
        counted.
        """
        now = int(self._seconds()) if self._seconds else 0
        key = self._key(name)
        asked = (key, len(key), memory, room, reserve, concurrent, per_minute, now)
        handle = self.handle or self.open()
        try:
            number = native.enter_counters(handle, *asked, native.NULL)
        except (OverflowError, TypeError):
            from edge.limits import refusal

            refusal.refuse_amounts(name, asked)
        if number:
            return Slot(handle, number, self.path)
        from edge.limits import refusal

        return Slot(*refusal.enter(self, name, asked, explain), self.path)

    def live(self) -> tuple[int, int]:
        """The number of running calls, and the bytes they may use."""
        from edge.limits import refusal

        return refusal.live(self, int(self._seconds()) if self._seconds else 0)

    def close(self) -> None:
        """Closes its file when no slot is open."""
        self.handle = None

    def __enter__(self) -> Counters:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> native.Counters:
        """Opens the file, or opens it again; open slots keep their own handle."""
        from edge.files import runtime_dir

        self.path = self._path or f"{runtime_dir.folder()}/counters"
        fd = runtime_dir.open_file(self.path)
        try:
            self.handle = handle = native.open_counters(fd, self._root)
        finally:
            files.close(fd)
        return handle

    def _key(self, name: str) -> bytes:
        """The key under which its calls are counted; long names do not fit."""
        key = name.encode("utf-8", "surrogateescape")
        if self._path or name in ("", NAMELESS):
            return key
        key = (self._own or self._find_own()) + key
        if len(key) <= native.COUNTED_NAME:
            return key
        from hashlib import sha256

        # After a character that no name contains, so that no name can equal another one's key.
        return self._own + b"~" + sha256(key).hexdigest()[:LONG_DIGITS].encode()

    def _find_own(self) -> bytes:
        from edge.files import runtime_dir

        self._own = f"{runtime_dir.own_mark()}/".encode()
        return self._own


class Slot:
    """A counted call. `close`, or leaving a `with`, ends the counting; they do nothing in a forked child."""

    __slots__ = ("_handle", "_number", "_path")

    def __init__(self, handle: native.Counters, number: int, path: str) -> None:
        self._handle = handle
        self._number = number
        self._path = path

    def close(self) -> None:
        """Stops counting the call; may be called twice."""
        error = native.leave_counters(self._handle, self._number)
        if error:
            from edge.limits import refusal

            refusal.fail_system(error, self._path)

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def admit(device: Profile, name: str, limits: Limits, own: Mapping[str, float]) -> Slot:
    """Counts a call of plugin `name` of this user; `own`: the plugin's limits."""
    return Admission(Counters(), device).admit(
        name,
        limits,
        concurrent=int(own["concurrent_calls"]),
        per_minute=int(own["calls_per_minute"]),
    )


def need(limits: Limits, device: Profile) -> int:
    """Bytes that one instance may use."""
    return limits.memory + device.stack_bytes + INSTANCE_BYTES


def free_bytes(root: str = "") -> int:
    """Free bytes of this machine or of this process's control groups; UNKNOWN if they cannot be read.

    `root`: the folder with /proc and /sys, for tests.
    """
    return native.free_bytes(root.encode())
