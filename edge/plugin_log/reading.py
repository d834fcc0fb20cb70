"""Reading and deleting the logs of plugins, which may grow meanwhile."""

from __future__ import annotations

import posix

from edge.files import runtime_dir
from edge.files.locking import is_at
from edge.plugin_log import FOLDER, OLD


class Entry:
    """A line of a plugin's log.

    time  seconds since 1970, by a clock that may be wrong
    kind  stdout, stderr, or the level of an event
    text  the message
    """

    __slots__ = ("kind", "text", "time")

    def __init__(self, seconds: int, kind: str, text: str) -> None:
        self.time = seconds
        self.kind = kind
        self.text = text


def entries(name: str) -> list[Entry]:
    """The kept lines of a plugin's log, oldest first."""
    following = Following(name)
    try:
        return following.more()
    finally:
        following.close()


def delete(name: str) -> None:
    """Deletes a plugin's log. Running calls that have the file open keep writing to the deleted file."""
    path = f"{runtime_dir.own_folder()}/{FOLDER}/{name}"
    runtime_dir.drop(path + OLD)
    runtime_dir.drop(path)


def parse(text: bytes) -> Entry | None:
    """The entry of a line; None if it is not an entry."""
    seconds, _, rest = text.decode("utf-8", "replace").partition(" ")
    kind, space, message = rest.partition(" ")
    return Entry(int(seconds), kind, message) if space and seconds.isdigit() else None


class Following:
    """Reads a plugin's log, and then what is added."""

    __slots__ = ("_fd", "_finished", "_path", "_rest")

    def __init__(self, name: str) -> None:
        self._path = f"{runtime_dir.own_folder()}/{FOLDER}/{name}"
        self._fd = -1
        self._rest = b""
        self._finished = 0

    def more(self) -> list[Entry]:
        """The lines that were not read yet."""
        found: list[Entry] = []
        while True:
            if self._fd < 0:
                self._fd = self._next()
            if self._fd < 0:
                return found
            found += self._read()
            if is_at(self._fd, self._path):
                return found
            # The file is full and was renamed: the lines added meanwhile are its last.
            found += self._read()
            self._finished = posix.fstat(self._fd).st_ino
            self.close()

    def _next(self) -> int:
        """The older file, unless it was read last; then the newer one."""
        for path in (self._path + OLD, self._path):
            fd = _open_to_read(path)
            if fd >= 0 and posix.fstat(fd).st_ino != self._finished:
                return fd
            if fd >= 0:
                posix.close(fd)
        return -1

    def close(self) -> None:
        """Closes the open file."""
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
