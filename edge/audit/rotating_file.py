"""The files behind the log: appended to, synced and rotated; a kill at any moment leaves a complete chain.

NAME is the newest file, NAME.3 the oldest. Rotation moves each to the next number, starting at the first free
one, and drops the last. A kill in between leaves a gap in the names, never among entries.
"""

from __future__ import annotations

import posix
from time import time

from edge import files
from edge.audit.line import LINE_BYTES, digest, line, number, parse
from edge.files import folders, runtime_dir, staged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    Event = dict[str, Any]

FILE_BYTES = 128 << 10
KEPT = 3
EVENT_LETTERS = {"log": 1024, "uses": 256, "used": 256}
"""Texts from plugins are in `uses` and `used` and may be of any length."""

PARTS = {"log": 1, "uses": 1, "used": 2}
"""The divisor of FILE_BYTES for the files of a log."""

BOOT_ID = "/proc/sys/kernel/random/boot_id"
BOOT_DIGITS = 8


class RotatingFile:
    """The files of one log. The caller holds the lock of the folder."""

    __slots__ = ("_folder", "_name")

    def __init__(self, folder: str, name: str) -> None:
        self._folder = folder
        self._name = name

    def append(self, event: Event, more: Event) -> str:
        """Writes an event, with `more` from the log itself; returns the digest of its line."""
        path = self._path(0)
        fd = _open(path, posix.O_RDWR | posix.O_APPEND | posix.O_CREAT)
        try:
            size, torn, last = _end(fd)
            if torn:
                size -= torn
                posix.ftruncate(fd, size)
            before = last or self._last_rotated()
            events = [{"event": "audit", "act": "cut", "bytes": torn}] if torn else []
            lines = self._lines([*events, event], more, before)
            data = b"".join(lines)
            if size and size + len(data) > FILE_BYTES // PARTS[self._name]:
                posix.close(fd)
                fd = -1
                self._rotate()
                fd = _open(path, posix.O_RDWR | posix.O_APPEND | posix.O_CREAT)
                size = 0
            if not size:
                # Before writing: once a file has entries, its name must be durable.
                staged.sync_folder(self._folder)
            _write(fd, data, size)
        except OSError as error:
            _fail(path, error)
        finally:
            if fd >= 0:
                posix.close(fd)
        return digest(lines[-1])

    def newest(self) -> int:
        """The number of the newest entry; 0 if there is none."""
        for at in range(KEPT + 1):
            last = self._last(at)
            if last:
                return number(last) or self._largest()
        return 0

    def read(self) -> list[tuple[str, bytes]]:
        """Every existing file with its name, oldest first."""
        found = []
        for at in range(KEPT, -1, -1):
            path = self._path(at)
            try:
                fd = posix.open(path, files.READ_OWN)
            except FileNotFoundError:
                continue
            except OSError as error:
                _fail(path, error)
            try:
                found.append((files.base_name(path), files.read_all(fd)))
            except OSError as error:
                _fail(path, error)
            finally:
                posix.close(fd)
        return found

    def _lines(self, events: list[Event], more: Event, before: bytes) -> list[bytes]:
        seq = number(before) or (self._largest() if before else 0)
        now, boot = int(time()), _boot()
        found = []
        for event in events:
            seq += 1
            head = {"seq": seq, "time": now, "boot": boot, "prev": digest(before), **more}
            before = line(head, event, EVENT_LETTERS[self._name])
            found.append(before)
        return found

    def _rotate(self) -> None:
        free = next((at for at in range(1, KEPT) if not _is_there(self._path(at))), KEPT)
        for at in range(free, 0, -1):
            posix.rename(self._path(at - 1), self._path(at))
        staged.sync_folder(self._folder)

    def _last_rotated(self) -> bytes:
        return next(filter(None, map(self._last, range(1, KEPT + 1))), b"")

    def _last(self, at: int) -> bytes:
        path = self._path(at)
        if not _is_there(path):
            return b""
        fd = _open(path, posix.O_RDONLY)
        try:
            return _end(fd)[2]
        finally:
            posix.close(fd)

    def _largest(self) -> int:
        """The highest entry number: if the last line is damaged, the others still count."""
        every = (parse(raw) for _, data in self.read() for raw in data.split(b"\n")[:-1])
        return max((entry["seq"] for entry in every if entry is not None), default=0)

    def _path(self, at: int) -> str:
        return f"{self._folder}/{self._name}.{at}" if at else f"{self._folder}/{self._name}"


class locked:  # noqa: N801 it is used as a function is
    """Holds the lock of the log's folder for a `with`. Creates the folder, except for readers."""

    __slots__ = ("_fd", "_folder", "_reading")

    def __init__(self, folder: str, *, reading: bool = False) -> None:
        self._folder = folder
        self._reading = reading
        self._fd = -1

    def __enter__(self) -> None:
        path = f"{self._folder}/lock"
        # The folder itself is checked on writing, and reported by `verify`.
        files.check_folder(files.folder(self._folder))
        if self._reading:
            try:
                self._fd = posix.open(path, files.READ_OWN)
            except FileNotFoundError:
                return
            except OSError as error:
                _fail(path, error)
        else:
            folders.make(self._folder, 0o700)
            _check(self._folder, posix.lstat(self._folder), files.DIRECTORY)
            self._fd = _open(path, posix.O_RDWR | posix.O_CREAT)
        try:
            runtime_dir.lock(self._fd, path)
        except BaseException:
            posix.close(self._fd)
            raise

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            posix.close(self._fd)


def others_may_write(folder: str) -> Iterator[str]:
    """The folder and its files, as far as other users can write them."""
    if not _is_there(folder):
        return
    for path in (folder, *(f"{folder}/{name}" for name in sorted(posix.listdir(folder)))):
        if posix.lstat(path).st_mode & files.OTHERS_WRITE:
            yield path


def _open(path: str, flags: int) -> int:
    try:
        fd = posix.open(path, flags | posix.O_NOFOLLOW | posix.O_CLOEXEC, 0o600)
    except OSError as error:
        _fail(path, error)
    try:
        _check(path, posix.fstat(fd), files.REGULAR)
    except BaseException:
        posix.close(fd)
        raise
    return fd


def _check(path: str, found: posix.stat_result, kind: int) -> None:
    """Refuses a log that other users can write."""
    if found.st_mode & files.FORMAT_MASK != kind:
        why = "it is not a folder" if kind == files.DIRECTORY else "it is not a file"
    elif found.st_uid != posix.getuid():
        why = f"it belongs to user {found.st_uid}"
    elif found.st_mode & files.OTHERS_WRITE:
        why = "other users can write it"
    else:
        return
    from edge import errors

    raise errors.EnvironmentFault(
        f"{path}: {why}, so the audit log there cannot be trusted",
        "Move it away, and find out who changed it",
    )


def _end(fd: int) -> tuple[int, int, bytes]:
    """The size of a file, the number of bytes after its last complete line, and that line."""
    size = posix.fstat(fd).st_size
    for block in (2 * LINE_BYTES, size):
        start = max(0, size - block)
        data = posix.pread(fd, size - start, start)
        end = data.rfind(b"\n") + 1
        begin = data.rfind(b"\n", 0, max(0, end - 1)) + 1
        if begin or not start:
            break
    return size, len(data) - end, data[begin:end]


def _write(fd: int, data: bytes, size: int) -> None:
    """Writes all of it; on failure, takes back what was written if possible."""
    try:
        if posix.write(fd, data) != len(data):
            import errno

            raise OSError(errno.ENOSPC, posix.strerror(errno.ENOSPC))
        posix.fsync(fd)
    except OSError:
        from contextlib import suppress

        # If that fails too, the next writer cuts it off.
        with suppress(OSError):
            posix.ftruncate(fd, size)
        raise


def _is_there(path: str) -> bool:
    try:
        posix.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _boot() -> str:
    try:
        fd = posix.open(BOOT_ID, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return posix.read(fd, BOOT_DIGITS).decode("latin-1")
    finally:
        posix.close(fd)


def _fail(path: str, error: OSError) -> NoReturn:
    files.raise_own(path, error)
