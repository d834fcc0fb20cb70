"""Restrictions that prevent native code from running: of a service, a shell, a container or a mount.

`edge doctor` checks them, and they explain failed calls. A call that succeeds never imports this.
"""

from __future__ import annotations

import posix

from edge import _native as native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.errors import EdgeError

MB = 1 << 20
RESERVED = (4 << 30) + (64 << 20)
"""Address space for one memory of native code with its guards (native/src/profile.rs)."""

RESERVED_INTERPRETED = 32 * MB
NO_EXEC = 8  # ST_NOEXEC
OPENED = "/proc/self/fd"

PAGE = 4096
PRIVATE_ANONYMOUS = 0x22
NO_RESERVE = 0x4000
READ_WRITE, READ_EXECUTE = 3, 5
FAILED = -1


def problems(fd: int = -1, path: str = "") -> Iterator[tuple[str, str]]:
    """Reasons why plugins cannot run here, each with its remedy. `fd`, `path`: the location of their code."""
    is_native = not native.about()["engine"].startswith("pulley")
    if not posix.access(OPENED, posix.F_OK):
        yield (
            "/proc is not mounted; verified code is opened through it",
            "Mount it, in a container or chroot as well: `mount -t proc proc /proc`",
        )
    if not can_reserve(RESERVED if is_native else RESERVED_INTERPRETED):
        yield _addresses(RESERVED if is_native else RESERVED_INTERPRETED)
    if is_native and not can_execute():
        yield (
            "this process may not make memory executable (MemoryDenyWriteExecute, or a similar rule)",
            "MemoryDenyWriteExecute=no in the service that runs Edge: plugins are native code here",
        )
    if is_native and _is_noexec(fd, path):
        yield (
            f"{path or 'it'} is on a filesystem that is mounted noexec, and plugins are native code here",
            "Keep it elsewhere (XDG_DATA_HOME for installed plugins), or mount it with `-o remount,exec`",
        )


def explain(error: EdgeError, fd: int = -1) -> None:
    """Adds cause and remedy to an error of this machine if one of these restrictions is found."""
    found = next(problems(fd), None)
    if found is not None:
        cause, error.remedy = found
        error.message = f"{error.message}: {cause}"


def engine() -> tuple[str, bool]:
    """The engine whose code runs here, and whether that is the interpreter in place of native code.

    The interpreter needs 16 MB of addresses for a memory instead of 4 GB, and no executable mapping.
    """
    about = native.about()
    own, interpreted = about["engine"], about["interpreted"]
    if own == interpreted or (can_reserve(RESERVED) and can_execute()):
        return own, False
    return interpreted, True


def can_reserve(size: int) -> bool:
    """Whether this much address space can be reserved; uses no memory."""
    import mmap

    try:
        mmap.mmap(-1, size, flags=PRIVATE_ANONYMOUS | NO_RESERVE, prot=0).close()
    except (OSError, OverflowError, ValueError):
        return False
    return True


def can_execute() -> bool:
    """Whether mapped memory may become executable; true if that cannot be tested."""
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_ssize_t
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_ssize_t]
        libc.mprotect.argtypes = libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    except (ImportError, OSError, AttributeError):
        return True
    at = libc.mmap(None, PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0)
    if at == FAILED:
        return True
    denied = libc.mprotect(at, PAGE, READ_EXECUTE)
    libc.munmap(at, PAGE, 0)
    return not denied


def _addresses(need: int) -> tuple[str, str]:
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    code = "native code" if need == RESERVED else "a plugin"
    if limit == resource.RLIM_INFINITY:
        return (
            f"{need // MB} MB of addresses cannot be reserved, which {code} needs for each memory",
            "Close other programs; `ulimit -a` and the service or container it runs in have the limits",
        )
    return (
        f"this process may have {limit // MB} MB of addresses, and {code} reserves {need // MB} MB "
        f"for each memory, most of it never used",
        "ulimit -v unlimited, or LimitAS=infinity in the service; MemoryMax= limits the memory in use",
    )


def _is_noexec(fd: int, path: str) -> bool:
    try:
        found = posix.fstatvfs(fd) if fd >= 0 else posix.statvfs(path) if path else None
    except OSError:
        return False
    return found is not None and bool(found.f_flag & NO_EXEC)
