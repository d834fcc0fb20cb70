"""Makes the folders in which Edge keeps what it writes."""

from __future__ import annotations

import posix

from edge import files
from edge.files import staged


def make(path: str, mode: int) -> None:
    """Makes a folder, and those it is in, where they are not there.

    None is made where others than this user could replace it: `files.check_folder`.
    """
    files.check_folder(path)
    _make(path, mode)


def missing(path: str) -> list[str]:
    """The folder of this path and those it is in, as far as they are not there; the innermost first."""
    found = []
    while path not in ("", "/", ".") and not posix.access(path, 0):
        found.append(path)
        path = files.folder(path)
    return found


def remove_empty(paths: list[str]) -> None:
    """Removes folders in this order, up to the first that holds something."""
    for path in paths:
        try:
            posix.rmdir(path)
        except OSError:  # noqa: PERF203 what is in use stays
            return


class for_now:  # noqa: N801 it is used as a function is
    """For a `with` that may make a folder: where nothing comes into it, it is gone again afterwards."""

    __slots__ = ("_missing",)

    def __init__(self, path: str) -> None:
        self._missing = missing(path)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        remove_empty(self._missing)


def _make(path: str, mode: int) -> None:
    try:
        _make_one(path, mode)
    except FileNotFoundError:
        _make(files.folder(path), 0o755)
        try:
            _make_one(path, mode)
        except FileNotFoundError as error:
            # A file system that takes no folders, as /proc.
            files.raise_for(path, error)


def _make_one(path: str, mode: int) -> None:
    try:
        posix.mkdir(path, mode)
        staged.sync_folder(files.folder(path))
    except FileExistsError:
        return
    except FileNotFoundError:
        raise
    except OSError as error:
        files.raise_for(path, error)
