"""Finds the native library and opens it, or says exactly why it can't be had."""

from __future__ import annotations

import posix
import sys

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

NAME = "libedge.so"

BUNDLES = {
    "arm-linux-gnueabihf": "pi-zero",
    "aarch64-linux-gnu": "pi-64",
    "x86_64-linux-gnu": "x86_64-linux",
}
"""Which bundle suits a Python, by the platform that it was built for."""

NO_BUILD = "There is no build of Edge for it"

NO_ARMV6 = ("armv4", "armv5")


def path() -> str:
    """Where the library is looked for: $EDGE_LIBRARY, or beside this module."""
    return files.environment("EDGE_LIBRARY") or f"{files.folder(__file__)}/{NAME}"


def platform() -> str:
    """The platform of this Python, which the library must be for: a 64-bit kernel may run a 32-bit one."""
    return getattr(sys.implementation, "_multiarch", "") or f"{posix.uname().machine}-linux"


def open_library(ffi: Any) -> Any:
    """The library, its ABI the one that `ffi` was generated from."""
    where = path()
    machine = posix.uname().machine
    if machine.startswith(NO_ARMV6):
        _fail(f"This CPU is {machine}, older than the ARMv6 of a Raspberry Pi Zero", NO_BUILD)
    try:
        lib = ffi.dlopen(where)
    except OSError as error:
        _explain(where, machine, error)
    version = lib.edge_abi_version()
    if version != lib.EDGE_ABI_VERSION:
        _fail(
            f"{where} has ABI {version}, this Python package needs ABI {lib.EDGE_ABI_VERSION}",
            "Package and library come from different releases; install both from one bundle or checkout",
        )
    return lib


def _explain(where: str, machine: str, error: OSError) -> NoReturn:
    try:
        posix.close(posix.open(where, posix.O_RDONLY | posix.O_CLOEXEC))
    except PermissionError:
        _fail(
            f"This user may not read the native library at {where}",
            "chmod a+r the file and a+x the folders it is in, or run as a user who may",
        )
    except OSError:
        _fail(
            f"There is no native library at {where}",
            "`make build` makes it in a checkout; a bundle brings it; EDGE_LIBRARY may name another",
        )
    if "GLIBC_" in str(error):
        _fail(
            f"The C library of this system is too old for {where} ({error})",
            "Edge needs glibc 2.28, as in Debian 10 and Raspberry Pi OS of 2019; update the system",
        )
    here = platform()
    bundle = BUNDLES.get(here)
    remedy = f"Use the bundle that `edge bundle --target {bundle}` makes" if bundle else NO_BUILD
    _fail(
        f"{where} is not for this machine, whose Python is {here} on a kernel for {machine} ({error})", remedy
    )


def _fail(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.LibraryMissing(message, remedy)
