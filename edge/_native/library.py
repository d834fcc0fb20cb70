"""Finds the native library and opens it; edge._native.unusable says why one can't be had."""

from __future__ import annotations

import posix
import sys

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "libedge.so"

HEAD_BYTES = 8192
"""The names of all our functions are within these."""

MAX_BYTES = 1 << 40
SYMBOL = b"\0edge_abi_version\0"
WIDE = sys.maxsize > 1 << 32

NO_ARMV6 = ("armv4", "armv5")


def path() -> str:
    """The path of the library: $EDGE_LIBRARY, or beside this module."""
    return files.environment("EDGE_LIBRARY") or f"{files.folder(__file__)}/{NAME}"


def platform() -> str:
    """The platform of this Python, which the library must be for: a 64-bit kernel may run a 32-bit one."""
    return getattr(sys.implementation, "_multiarch", "") or f"{posix.uname().machine}-linux"


def open_library(ffi: Any) -> Any:
    """The library, its ABI the one that `ffi` was generated from."""
    where = path()
    machine = posix.uname().machine
    if machine.startswith(NO_ARMV6) or not _looks_whole(where):
        from edge._native import unusable

        unusable.check(where, machine, platform(), is_old=machine.startswith(NO_ARMV6), symbol=SYMBOL)
    try:
        lib = ffi.dlopen(where if "/" in where else f"./{where}")
        version = lib.edge_abi_version()
    except (AttributeError, OSError) as error:
        from edge._native import unusable

        unusable.explain(where, machine, platform(), error)
    if version != lib.EDGE_ABI_VERSION:
        from edge._native import unusable

        unusable.fail_version(where, version, lib.EDGE_ABI_VERSION)
    return lib


def _looks_whole(where: str) -> bool:
    """Whether a file looks like our linker's output: section headers at its very end, names at its beginning.

    Opening a file that is cut short would end the process (edge.elf); another library must not be opened.
    """
    try:
        fd = posix.open(where, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError:
        return False
    try:
        head = posix.pread(fd, HEAD_BYTES, 0)
        place, word, size = (40, 8, 58) if WIDE else (32, 4, 46)
        start = int.from_bytes(head[place : place + word], "little")
        each = int.from_bytes(head[size : size + 2], "little")
        end = start + each * int.from_bytes(head[size + 2 : size + 4], "little")
        last = posix.pread(fd, each + 1, end - each) if HEAD_BYTES < end < MAX_BYTES else b""
        return len(last) == each and last.count(0) < each and SYMBOL in head
    except OSError:
        return False
    finally:
        posix.close(fd)
