"""What the processes of one user count together: calls under way, the memory they may use, calls a minute.

What a killed process held counts until it is in the way of another, which then looks whether it lives.
Processes that can't see one another (containers with a /proc of their own) should not share the folder.
"""

from __future__ import annotations

from edge import _native as native
from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Asked = tuple[bytes, int, int, int, int, int, int, int]

LARGEST = (1 << 64) - 1


class Counters:
    """The counters of this user, or those in the file `path`. Threads may share one.

    `seconds`: the clock that rates go by, never 0; it never goes back, whatever becomes of the time of day.
    `root`: the folder in which /proc and /sys say what is free, for tests.
    """

    __slots__ = ("_handle", "_is_open", "_path", "_place", "_seconds")

    def __init__(self, path: str = "", *, seconds: Callable[[], float] | None = None, root: str = "") -> None:
        self._handle = native.new_counters(files.encode(root))
        self._is_open = False
        self._path = self._place = path
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
        if not self._is_open:
            self._open()
        key = name.encode("utf-8", "surrogateescape")
        now = int(self._seconds()) if self._seconds else 0
        asked = (key, len(key), memory, room, reserve, concurrent, per_minute, now)
        try:
            number = native.enter_counters(self._handle, *asked, native.NULL)
        except OverflowError as error:
            from edge import errors

            raise errors.OptionsError(f"{name} can't be counted: {error}") from None
        return Slot(self, number or self._insist(asked, explain))

    def _insist(self, asked: Asked, explain: Callable[[], str]) -> int:
        count, pauses = native.new_count(), self._pauses()
        while True:
            number: int = native.enter_counters(self._handle, *asked, count)
            if number:
                return number
            if not self._can_ask_again(count.kind, pauses):
                from edge import refusals

                refusals.fail(count, self._place, asked, explain)

    def leave(self, number: int) -> None:
        """Counts a call no more; `Slot.close` is what to use."""
        error = native.leave_counters(self._handle, number)
        if error:
            from edge import refusals

            refusals.fail_system(error, self._place)

    def live(self) -> tuple[int, int]:
        """How many calls are under way, and how many bytes they may use."""
        if not self._is_open:
            self._open()
        count, pauses = native.new_count(), self._pauses()
        now = int(self._seconds()) if self._seconds else 0
        while native.live_counters(self._handle, now, count) != native.OK:
            if not self._can_ask_again(count.kind, pauses):
                from edge import refusals

                refusals.fail_system(count.error, self._place)
        return count.calls, count.memory

    def close(self) -> None:
        """Closes its file; slots that are open then count until the process ends."""
        native.close_counters(self._handle)
        self._is_open = False

    def __enter__(self) -> Counters:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _can_ask_again(self, kind: int, pauses: Iterator[None]) -> bool:
        """Does what a refusal asks for, if that is something that can be done."""
        if kind == native.COUNT_CLOSED:
            self._open()
        elif kind == native.COUNT_LOCKED:
            next(pauses)
        else:
            return False
        return True

    def _open(self) -> None:
        from edge import shared

        self._place = self._path or f"{shared.folder()}/counters"
        fd = shared.open_file(self._place)
        try:
            native.open_counters(self._handle, fd)
        finally:
            files.close(fd)
        self._is_open = True

    def _pauses(self) -> Iterator[None]:
        from edge import shared

        return shared.pauses(self._place)


class Slot:
    """A call that counts. Leaving a `with`, or `close`, ends that; in a forked child they do nothing."""

    __slots__ = ("_counters", "_number")

    def __init__(self, counters: Counters, number: int) -> None:
        self._counters = counters
        self._number = number

    def close(self) -> None:
        """Does not count any more; closing twice is fine."""
        number, self._number = self._number, 0
        if number:
            self._counters.leave(number)

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
