"""Files in memory, from which code is loaded once nobody can change them."""

from __future__ import annotations

import fcntl
import os

from edge import errors

# Python's fcntl has them from 3.10 on. Source: linux/fcntl.h.
F_ADD_SEALS = 1033
SEALS = 0x1 | 0x2 | 0x4 | 0x8
"""Seals against further seals, shrinking, growing and writing."""

MAX_PIECE = 1 << 30
"""More than one sendfile copies."""


def new_file() -> int:
    """A descriptor of an unnamed file, from which code is mapped once it is sealed."""
    return os.memfd_create("edge-artifact", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def seal(fd: int) -> None:
    """Makes a `new_file` immutable; the library would copy a mutable file before mapping it."""
    fcntl.fcntl(fd, F_ADD_SEALS, SEALS)


def copy(to: int, fd: int, size: int) -> None:
    """Appends the first `size` bytes of a file to another; raises OSError as it comes."""
    at = 0
    while at < size:
        piece = os.sendfile(to, fd, at, min(size - at, MAX_PIECE))
        if not piece:
            raise errors.Damaged("The file became shorter while it was copied")
        at += piece
