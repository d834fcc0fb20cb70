"""The store's lock, and the recovery that runs when it is taken."""

from __future__ import annotations

import posix

from edge import files, store
from edge.files import folders, locking, staged

TIMEOUT = 120.0
"""Seconds. An installation of 30 MB takes a Pi Zero about ten."""

PAUSE = 0.05

FOLDERS = ("/plugins", "/releases", "/calls", "/staging")


class locked:  # noqa: N801 it is used as a function is
    """Holds the store's lock for a `with`; first recovers from interrupted changes."""

    __slots__ = ("_fd", "_missing")

    def __init__(self) -> None:
        self._fd = -1
        self._missing: list[str] = []

    def __enter__(self) -> None:
        root, path = store.root(), f"{store.root()}/lock"
        files.check_folder(files.folder(root))
        self._missing = folders.missing(root)
        if not self._missing:
            _check_folder(root)
        try:
            self._fd = locking.take(path, lambda fd: _wait(fd, path))
        except OSError as error:
            files.raise_own(path, error)
        from edge.store.recovery import recover

        try:
            # Under the lock: a process that made the store and did not need it may just have removed it.
            for folder in ("", *FOLDERS):
                folders.make(f"{root}{folder}", store.OWNER_ONLY)
                _check_folder(f"{root}{folder}")
            recover()
        except BaseException:
            self._close()
            raise

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        """Releases the lock; removes a store that was made for it and stayed empty."""
        try:
            if self._missing:
                self._undo(store.root())
        finally:
            posix.close(self._fd)
            self._fd = -1

    def _undo(self, root: str) -> None:
        made = [path for folder in FOLDERS if posix.access(path := f"{root}{folder}", 0)]
        if any(map(posix.listdir, made)):
            return
        folders.remove_empty(made)
        staged.remove(f"{root}/lock")
        folders.remove_empty(self._missing)


class held_now:  # noqa: N801 it is used as a function is
    """Holds the store's lock for a `with` if it is free, and reports whether it is; does not wait.

    For optional work: there is no recovery, and a missing lock file is not created.
    """

    __slots__ = ("_fd",)

    def __enter__(self) -> bool:
        from fcntl import LOCK_EX, LOCK_NB, flock

        self._fd = -1
        try:
            self._fd = posix.open(f"{store.root()}/lock", posix.O_RDWR | posix.O_NOFOLLOW | posix.O_CLOEXEC)
            flock(self._fd, LOCK_EX | LOCK_NB)
        except OSError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            posix.close(self._fd)


def _check_folder(path: str) -> None:
    """Edge trusts and removes files below this folder, so it must be this user's own and not a link."""
    found = posix.lstat(path)
    is_folder = found.st_mode & files.FORMAT_MASK == files.DIRECTORY
    if is_folder and found.st_uid == posix.geteuid() and not found.st_mode & files.OTHERS_WRITE:
        return
    from edge import errors
    from edge.suggest import shell

    if is_folder and found.st_uid != posix.geteuid():
        from edge.files.folder_errors import refuse_owner

        refuse_owner(path, found.st_uid)
    how = f"`chmod go-w {shell(path)}`; check first that nobody replaced a file in it"
    away = f"Move it away: `mv {shell(path)} {shell(path + '.away')}`"
    raise errors.StoreDamaged(
        f"{path} is not a folder that only this user can write", how if is_folder else away
    )


def _wait(fd: int, path: str) -> None:
    from fcntl import LOCK_EX, LOCK_NB, flock
    from time import monotonic, sleep

    end = monotonic() + TIMEOUT
    while True:
        try:
            flock(fd, LOCK_EX | LOCK_NB)
        except BlockingIOError:  # noqa: PERF203 it is what the loop waits for
            if monotonic() >= end:
                from edge import errors

                raise errors.IoFault(
                    f"{path} has been locked for {TIMEOUT:.0f} s",
                    f"Another process is changing plugins, or was stopped meanwhile: `fuser {path}` shows it",
                ) from None
            sleep(PAUSE)
        else:
            return
