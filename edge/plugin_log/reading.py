"""What plugins logged: read while they may log more, and dropped."""

from __future__ import annotations

import posix

from edge.files import runtime_dir
from edge.files.locking import is_at
from edge.plugin_log import FOLDER, OLD


class Entry:
    """A line of what a plugin logged.

    time  seconds since 1970, by a clock that may be wrong
    kind  stdout, stderr, or the level of an event
    text  what it says
    """

    __slots__ = ("kind", "text", "time")

    def __init__(self, seconds: int, kind: str, text: str) -> None:
        self.time = seconds
        self.kind = kind
        self.text = text


def entries(name: str) -> list[Entry]:
    """What a plugin logged, as far as it is kept, the oldest first."""
    following = Following(name)
    try:
        return following.more()
    finally:
        following.close()


def forget(name: str) -> None:
    """Drops what a plugin logged. Calls under way that have its file open log to where nobody looks."""
    path = f"{runtime_dir.own_folder()}/{FOLDER}/{name}"
    runtime_dir.drop(path + OLD)
    runtime_dir.drop(path)


def parse(text: bytes) -> Entry | None:
    """The entry of a line; None for what is none."""
    seconds, _, rest = text.decode("utf-8", "replace").partition(" ")
    kind, space, said = rest.partition(" ")
    return Entry(int(seconds), kind, said) if space and seconds.isdigit() else None


class Following:
    """Reads what a plugin logged, and then what it logs further."""

    __slots__ = ("_fd", "_finished", "_path", "_rest")

    def __init__(self, name: str) -> None:
        self._path = f"{runtime_dir.own_folder()}/{FOLDER}/{name}"
        self._fd = -1
        self._rest = b""
        self._finished = 0

    def more(self) -> list[Entry]:
        """What was not read yet."""
        found: list[Entry] = []
        while True:
            if self._fd < 0:
                self._fd = self._next()
            if self._fd < 0:
                return found
            found += self._read()
            if is_at(self._fd, self._path):
                return found
            # Full, and another took its name: what came meanwhile is the last of it.
            found += self._read()
            self._finished = posix.fstat(self._fd).st_ino
            self.close()

    def _next(self) -> int:
        """The older file, unless that is the one that was read last; then the newer."""
        for path in (self._path + OLD, self._path):
            fd = _open_to_read(path)
            if fd >= 0 and posix.fstat(fd).st_ino != self._finished:
                return fd
            if fd >= 0:
                posix.close(fd)
        return -1

    def close(self) -> None:
        """Closes what is open."""
        if self._fd >= 0:
            posix.close(self._fd)
        self._fd = -1
        self._rest = b""

    def _read(self) -> list[Entry]:
        from edge import files

        *lines, self._rest = (self._rest + files.read_all(self._fd)).split(b"\n")
        return [entry for text in lines if (entry := parse(text)) is not None]


def _open_to_read(path: str) -> int:
    from edge import files

    try:
        return posix.open(path, files.READ_OWN)
    except FileNotFoundError:
        return -1
    except OSError as error:
        files.raise_for(path, error)
