"""Temporary files in the cache, and the cleanup after interrupted processes.

CACHE/unpacked-…  folders to unpack into; their owners hold a shared lock of the cache
CACHE/part-…      edge/sources/partial.py: the newest few stay, so that another attempt can resume them
"""

from __future__ import annotations

import posix
from contextlib import suppress

from edge import files
from edge.files import folders

FOLDER = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC
NEW_FILE = posix.O_RDWR | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
PART = posix.O_RDWR | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC

UNPACKED = "unpacked-"
PARTIAL = "part-"
META = ".meta"
MAX_KEPT = 4
"""Kept interrupted downloads; they may never be requested again."""


class Temporary:
    """A folder of this process, until `remove`.

    path  where it is
    """

    __slots__ = ("_lock", "path")

    def __init__(self, cache: str) -> None:
        from fcntl import LOCK_SH, flock

        self.path = f"{cache}/{UNPACKED}{posix.getpid()}-{posix.urandom(4).hex()}"
        try:
            self._lock = _opened(cache)
        except OSError as error:
            files.raise_for(cache, error)
        try:
            # If folders cannot be locked, no process gets the lock to remove this one either.
            with suppress(OSError):
                flock(self._lock, LOCK_SH)
            posix.mkdir(self.path, 0o700)
        except OSError as error:
            posix.close(self._lock)
            files.raise_for(self.path, error)
        except BaseException:
            posix.close(self._lock)
            raise

    def remove(self) -> None:
        """Removes the folder with its contents."""
        from edge.store.recovery import remove

        try:
            remove(self.path)
        finally:
            posix.close(self._lock)


def _opened(cache: str) -> int:
    """A descriptor of the cache, which is made where it is not there."""
    while True:
        folders.make(cache, 0o700)
        # Who had made it may have had no use for it.
        with suppress(FileNotFoundError):
            return posix.open(cache, FOLDER)


def unnamed_file(cache: str) -> int:
    """A descriptor of an empty file that is deleted when it is closed."""
    temporary = Temporary(cache)
    path = f"{temporary.path}/file"
    try:
        return posix.open(path, NEW_FILE, 0o600)
    except OSError as error:
        files.raise_for(path, error)
    finally:
        temporary.remove()


def sweep_folders(cache: str) -> None:
    """Removes the folders of killed processes, unless a process has one now; never fails."""
    from edge import errors
    from edge.store.recovery import remove

    with suppress(OSError):
        left = [name for name in posix.listdir(cache) if name.startswith(UNPACKED)]
        if not left:
            return
        lock = _locked(cache, FOLDER)
        try:
            # Listed before the lock was taken: none of them belongs to a running process.
            for name in left:
                with suppress(errors.EnvironmentFault):
                    remove(f"{cache}/{name}")
        finally:
            posix.close(lock)


def sweep_parts(cache: str) -> None:
    """Removes interrupted downloads that cannot be resumed or are not among the newest; never fails."""
    with suppress(OSError):
        names = set(posix.listdir(cache))
        parts = [name for name in names if name.startswith(PARTIAL) and not name.endswith(META)]
        kept = sorted((name for name in parts if name + META in names), key=lambda name: _age(cache, name))
        for name in set(parts).difference(kept[:MAX_KEPT]):
            _remove_part(f"{cache}/{name}")
        for name in names:
            if name.startswith(PARTIAL) and name.endswith(META) and name[: -len(META)] not in names:
                posix.unlink(f"{cache}/{name}")


def _age(cache: str, name: str) -> int:
    try:
        return -posix.lstat(f"{cache}/{name}").st_mtime_ns
    except FileNotFoundError:
        return 0


def _remove_part(path: str) -> None:
    from edge.files.locking import is_at

    with suppress(OSError):
        lock = _locked(path, PART)
        try:
            # The lock's last holder may have removed it, and another process may have begun a new one.
            if is_at(lock, path):
                with suppress(FileNotFoundError):
                    posix.unlink(path + META)
                posix.unlink(path)
        finally:
            posix.close(lock)


def _locked(path: str, flags: int) -> int:
    """A descriptor with the exclusive lock; OSError if another process has it."""
    from fcntl import LOCK_EX, LOCK_NB, flock

    fd = posix.open(path, flags)
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BaseException:
        posix.close(fd)
        raise
    return fd
