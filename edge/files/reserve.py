"""A reserve of disk space: on a full disk, removing, disabling and revoking still write a little.

    $XDG_DATA_HOME/edge/audit/reserve   random bytes, in the folder that needs most of it

An installation creates it first, and fails without it. RATIONALE, "Why a full disk has a reserve".
"""

from __future__ import annotations

import posix

from edge import files
from edge.files import folders, staged

FILE = "reserve"
BLOCKS = 8
"""Blocks of the filesystem: a small file takes one, and a removal writes four at once."""

MIN_BYTES = 32 << 10
MIN_INODES = 8


def keep() -> None:
    """Creates or completes the reserve; `errors.DiskFull` if there is no room."""
    path = _path()
    folders.make(files.folder(path), 0o700)
    try:
        _fill(path)
    except OSError as error:
        files.raise_own(path, error)


class spent:  # noqa: N801 it is used as a function is
    """For a `with` that may use the reserve: deletes it if the disk is full, and creates it again.

    depth  how many are nested; the outermost creates it again
    """

    depth = 0

    def __enter__(self) -> None:
        path = "" if spent.depth else _own()
        if path and posix.access(path, 0) and _is_full(path):
            staged.remove(path)
        spent.depth += 1

    def __exit__(self, *_: object) -> None:
        spent.depth -= 1
        path = "" if spent.depth else _own()
        if not path:
            return
        from contextlib import suppress

        # If there is no room for all of it, as much as fits.
        with suppress(OSError):
            _fill(path)


def _path() -> str:
    return f"{files.data_folder()}/audit/{FILE}"


def _own() -> str:
    """The same; empty if the folder is not this user's own: then the command will be refused."""
    path = _path() if files.data_home() else ""
    try:
        return path if path and posix.stat(files.folder(path)).st_uid == posix.geteuid() else ""
    except OSError:
        return ""


def _fill(path: str) -> None:
    fd = posix.open(
        path, posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_NOFOLLOW | posix.O_CLOEXEC, 0o600
    )
    try:
        wanted = _size(posix.fstatvfs(fd))
        while (missing := wanted - posix.fstat(fd).st_size) > 0:
            # Random, since some filesystems compress other data.
            posix.write(fd, posix.urandom(min(missing, 4096)))
    finally:
        posix.close(fd)


def _is_full(path: str) -> bool:
    found = posix.statvfs(files.folder(path))
    few = bool(found.f_files) and found.f_favail < MIN_INODES
    return few or found.f_bavail * found.f_frsize < _size(found)


def _size(found: posix.statvfs_result) -> int:
    return max(MIN_BYTES, BLOCKS * found.f_frsize)
