"""Reports why the native library cannot be opened. A call that succeeds never imports this."""

from __future__ import annotations

import posix
import sys

from edge import elf, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

BUNDLES = {
    "arm-linux-gnueabihf": "pi-zero",
    "aarch64-linux-gnu": "pi-64",
    "x86_64-linux-gnu": "x86_64-linux",
}
"""The bundle for a Python, by the platform that it was built for."""

MACHINES = {"arm": 40, "aarch64": 183, "x86_64": 62}
"""The machine number in ELF files for a platform."""

NO_BUILD = "There is no build of Edge for it"
AGAIN = "Copy it again, or install the bundle again; in a checkout, run `make build`"
NAMES = "EDGE_LIBRARY must name Edge's libedge.so; if it is not set, the one in this package is used"
ELSEWHERE = "Install Edge elsewhere, or mount it with `-o remount,exec`"
MORE_ADDRESSES = (
    "ulimit -v unlimited, or LimitAS=infinity in the service; MemoryMax= limits the memory in use"
)
TAIL_BYTES = 40
NO_EXEC = 8  # ST_NOEXEC


def check(where: str, machine: str, platform: str, *, is_old: bool, symbol: bytes) -> None:
    """Raises if opening a file would do harm; returns if opening it fails anyway.

    `platform` is this Python's; `is_old`: this CPU is too old; `symbol`: a name in Edge's library.
    """
    if is_old:
        fail(f"This CPU is {machine}, older than the ARMv6 of a Raspberry Pi Zero", NO_BUILD)
    try:
        fd = posix.open(where, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError:
        return
    try:
        found = posix.fstat(fd)
        if found.st_mode & files.FORMAT_MASK != files.REGULAR:
            fail(f"{where} is not a file", NAMES)
        header = posix.pread(fd, elf.HEADER_BYTES, 0)
        own = MACHINES.get(platform.partition("-")[0], elf.number(header, 18, 2))
        need = elf.needed_bytes(fd)
        if not need:
            fail(f"{where} is not a library", AGAIN)
        fits = (header[4] == elf.WIDE) == (sys.maxsize > 1 << 32) and elf.number(header, 18, 2) == own
        if fits and found.st_size < need:
            fail(f"{where} is cut short: {found.st_size} of at least {need} bytes", AGAIN)
        wrong = elf.fault(fd)
        if wrong:
            fail(f"{where} is damaged: {wrong}", AGAIN)
        if not fits:
            return
        if posix.pread(fd, TAIL_BYTES, max(0, need - TAIL_BYTES)).count(0) == min(TAIL_BYTES, need):
            fail(f"{where} is damaged: it ends with empty bytes", AGAIN)
        if not elf.exports(fd, symbol.strip(b"\0")):
            fail(f"{where} is another library, not Edge's", NAMES)
    finally:
        posix.close(fd)


def explain(where: str, machine: str, platform: str, error: Exception) -> NoReturn:
    """Raises the error for a library that cannot be opened, or lacks a function."""
    if isinstance(error, AttributeError):
        fail(f"{where} is another library, not Edge's, or one of another release", NAMES)
    wrong = ""
    try:
        fd = posix.open(where, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            wrong = elf.fault(fd)
        finally:
            posix.close(fd)
    except PermissionError:
        fail(
            f"This user cannot read the native library at {where}",
            "`chmod a+r` the file and `chmod a+x` its folders, or run as a user who can read it",
        )
    except OSError:
        fail(
            f"There is no native library at {where}",
            "In a checkout, run `make build`; a bundle contains it; EDGE_LIBRARY names another one",
        )
    if wrong:
        fail(f"{where} is damaged: {wrong}", AGAIN)
    if "GLIBC_" in str(error):
        fail(
            f"The C library of this system is too old for {where} ({error})",
            "Edge needs glibc 2.28, as in Debian 10 and Raspberry Pi OS of 2019; update the system",
        )
    if "failed to map segment" in str(error) or "cannot allocate memory" in str(error).lower():
        if posix.statvfs(where).f_flag & NO_EXEC:
            fail(f"{where} cannot be mapped: its filesystem is mounted noexec", ELSEWHERE)
        fail(f"{where} cannot be mapped: this process has no address space left", MORE_ADDRESSES)
    bundle = BUNDLES.get(platform)
    remedy = f"Use the bundle that `edge bundle --target {bundle}` makes on a PC" if bundle else NO_BUILD
    fail(
        f"{where} is not for this machine, whose Python is {platform} on a kernel for {machine} ({error})",
        remedy,
    )


def fail_version(where: str, version: int, needed: int) -> NoReturn:
    """Raises the error for package and library of different releases."""
    fail(
        f"{where} has ABI {version}, this Python package needs ABI {needed}",
        "Package and library come from different releases; install both from one bundle or checkout",
    )


def fail(message: str, remedy: str) -> NoReturn:
    """Raises LibraryMissing."""
    from edge import errors

    raise errors.LibraryMissing(message, remedy)
