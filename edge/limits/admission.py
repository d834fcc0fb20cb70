"""Whether there is room for another call: what all may use at most, against what this machine has free.

An instance may use its memory limit, a stack and what the library needs for it (INSTANCE_BYTES). The sum over
all calls under way, of all `edge` processes of this user, must fit into the smaller of two: what the device's
profile sets aside for plugins, and what is free now less RESERVE_BYTES for everybody else. Free is the least
of MemAvailable and of what the control groups of this process leave. What calls under way have touched by now
is counted twice, as promised and as no more free: it errs on the side of the device. RATIONALE, "Why a call
is admitted before its plugin is loaded".

The processes of one user count together: calls under way, the memory they may use, calls a minute. What a
killed process held counts until it is in the way of another, which then looks whether it lives. Processes
that cannot see one another (containers with a /proc of their own) should not share the folder.
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
"""Beside memory and guest stack: host stack (256 kB), tables, store, what one crossing holds on average."""

RESERVE_BYTES = 24 * MB
"""Left to the rest of the device: below this a Pi Zero begins to throw out the programs it runs."""

UNKNOWN = (1 << 64) - 1

LONG_DIGITS = 40
"""Of the digest that stands for a name there is no room for."""


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
        return f": the {self._device.name} profile allows no more for all plugins"


class Counters:
    """The counters of this user, or those in the file `path`. Threads may share one.

    All calls of a user add up to one sum of memory. The rest is counted of each plugin, and apart for each
    place for data, where another may have its name.

    path    where the file is, once it was opened
    handle  the native counters, while it is open

    `seconds`: the clock that rates go by, never 0; it never goes back, whatever becomes of the time of day.
    `root`: the folder in which /proc and /sys say what is free, for tests.
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

        `memory`: bytes that it may use; NotAdmitted when all live calls together may use more than `room`,
        with what `explain` says of that, or more than this machine has free less `reserve`; LARGEST: what is
        free does not matter. `concurrent`: Busy when as many calls of the plugin are under way. `per_minute`:
        RateExceeded when as many began within the last minute. 0 stands for no such limit. What is refused is
        not counted.
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
        """How many calls are under way, and how many bytes they may use."""
        from edge.limits import refusal

        return refusal.live(self, int(self._seconds()) if self._seconds else 0)

    def close(self) -> None:
        """Closes its file, once no slot is open any more."""
        self.handle = None

    def __enter__(self) -> Counters:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> native.Counters:
        """Opens the file, again where that has to be; open slots know which one they count in."""
        from edge.files import runtime_dir

        self.path = self._path or f"{runtime_dir.folder()}/counters"
        fd = runtime_dir.open_file(self.path)
        try:
            self.handle = handle = native.open_counters(fd, self._root)
        finally:
            files.close(fd)
        return handle

    def _key(self, name: str) -> bytes:
        """As what its calls are counted, which has no room for every name."""
        key = name.encode("utf-8", "surrogateescape")
        if self._path or name in ("", NAMELESS):
            return key
        key = (self._own or self._find_own()) + key
        if len(key) <= native.COUNTED_NAME:
            return key
        from hashlib import sha256

        # Behind what no name has, so that none can be made up to be counted as another.
        return self._own + b"~" + sha256(key).hexdigest()[:LONG_DIGITS].encode()

    def _find_own(self) -> bytes:
        from edge.files import runtime_dir

        self._own = f"{runtime_dir.own_mark()}/".encode()
        return self._own


class Slot:
    """A call that counts. Leaving a `with`, or `close`, ends that; in a forked child they do nothing."""

    __slots__ = ("_handle", "_number", "_path")

    def __init__(self, handle: native.Counters, number: int, path: str) -> None:
        self._handle = handle
        self._number = number
        self._path = path

    def close(self) -> None:
        """Does not count any more; closing twice is fine."""
        error = native.leave_counters(self._handle, self._number)
        if error:
            from edge.limits import refusal

            refusal.fail_system(error, self._path)

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def admit(device: Profile, name: str, limits: Limits, own: Mapping[str, float]) -> Slot:
    """Counts a call of plugin `name` among all of this user's; `own`: the limits that the plugin has."""
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
    """Bytes that this machine, or this process's share of it, has free; UNKNOWN where nothing says so.

    `root`: the folder in which /proc and /sys say it, for tests.
    """
    return native.free_bytes(root.encode())
