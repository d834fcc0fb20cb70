"""The logs of installed plugins, kept in memory: never written to a card, and lost on restart.

log/NAME and, when that is full, log/NAME~ in the runtime folder of this data folder (files.runtime_dir). A
line has the time in seconds since 1970, its kind (stdout, stderr or a level) and the text, in which nothing
moves a cursor. Several processes append to one file. edge/plugin_log/reading.py reads them.
"""

from __future__ import annotations

import posix
from time import time_ns

from edge.files import runtime_dir
from edge.text import event_line, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Log = Callable[[str, str, dict[str, Any]], None]
    Output = Callable[[int, bytes], None]

FOLDER = "log"
OLD = "~"
FILE_BYTES = 64 << 10
LINE_LIMIT = 1000
MAX_LINES = 2 * FILE_BYTES // len("1800000000 stdout \n")
BATCH_BYTES = 8 << 10
NS = 1_000_000_000
STREAMS = ("", "stdout", "stderr")


def sink(name: str) -> tuple[Log, Output]:
    """Takes what a plugin logs, as `edge.interfaces.logging.Logging` and `Runtime.load` expect.

    If it cannot be kept, a message appears once on standard error, and calls continue.
    """
    kept = _File(name)

    def log(_: str, level: str, event: dict[str, Any]) -> None:
        kept.write(level, [event_line(level, event, LINE_LIMIT).partition("] ")[2]])

    def output(stream: int, written: bytes) -> None:
        # Of more than the files hold, the oldest lines would only be written to be dropped.
        lines = written[-2 * FILE_BYTES :].removesuffix(b"\n").rsplit(b"\n", MAX_LINES)[-MAX_LINES:]
        texts = (line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines)
        kept.write(STREAMS[stream], [safe(text, LINE_LIMIT) for text in texts])

    return log, output


class _File:
    """The file that a process appends to, opened on first use."""

    __slots__ = ("_fd", "_is_lost", "_name", "_path")

    def __init__(self, name: str) -> None:
        self._name = name
        self._path = ""
        self._fd = -1
        self._is_lost = False

    def write(self, kind: str, lines: list[str]) -> None:
        """Appends lines in batches."""
        head = f"{time_ns() // NS} {kind} "
        batch: list[bytes] = []
        size = 0
        for line in lines:
            batch.append(f"{head}{line}\n".encode())
            size += len(batch[-1])
            if size >= BATCH_BYTES:
                self._append(b"".join(batch))
                batch.clear()
                size = 0
        if batch:
            self._append(b"".join(batch))

    def _append(self, data: bytes) -> None:
        if self._is_lost:
            return
        try:
            self._make_room(len(data))
            posix.write(self._fd, data)
        except Exception as error:
            self._lose(error)

    def _make_room(self, count: int) -> None:
        """Opens the file, or a new one if it is full: the first process renames the full one."""
        if self._fd < 0:
            self._path = f"{runtime_dir.own_folder(FOLDER)}/{self._name}"
            self._fd = self._open()
        # Twice: another process's new file may be full as well. After that, one line too many does no harm.
        for _ in range(2):
            if posix.fstat(self._fd).st_size + count <= FILE_BYTES:
                return
            runtime_dir.lock(self._fd, self._path)
            try:
                if posix.fstat(self._fd).st_ino == posix.stat(self._path).st_ino:
                    posix.rename(self._path, self._path + OLD)
            except FileNotFoundError:
                pass
            finally:
                posix.close(self._fd)
                self._fd = -1
            self._fd = self._open()

    def _open(self) -> int:
        # Not runtime_dir.open_file, which does not append. Opening a FIFO must not block.
        flags = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC
        flags |= posix.O_NONBLOCK
        return posix.open(self._path, flags, 0o600)

    def _lose(self, error: Exception) -> None:
        from edge import errors

        if not isinstance(error, (OSError, errors.EdgeError)):
            raise error
        self._is_lost = True
        from edge.interfaces.logging import tell

        tell(f"edge: the log of {self._name} is not kept: {error}")
