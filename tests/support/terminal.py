"""A command at a terminal of its own, at which somebody types."""

from __future__ import annotations

import os
import pty
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[2]


def typed(
    command: list[str], *lines: bytes, meanwhile: Callable[[int], None] | None = None
) -> tuple[int, bytes]:
    """Types a line each time the command asks for one; answers with its exit code and all that was shown.

    `meanwhile` is called with the process before each line is typed.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execv(command[0], command)
    shown = b""
    waiting = list(lines)
    answered = 0
    while chunk := _read(terminal):
        shown += chunk
        if waiting and shown[answered:].endswith((b": ", b"[y/N] ")):
            if meanwhile is not None:
                meanwhile(process)
            answered = len(shown)
            os.write(terminal, waiting.pop(0) + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # Nobody has the other end any more.
        return b""
