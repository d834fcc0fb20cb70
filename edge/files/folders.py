"""Creates the folders in which Edge writes files."""

from __future__ import annotations

import posix

from edge import files
from edge.files import staged


def make(path: str, mode: int) -> None:
    """Creates a folder and its parents if they are missing.

    None is created where other users could replace it: `files.check_folder`.
    """
    files.check_folder(path)
    _make(path, mode)


def missing(path: str) -> list[str]:
    """The missing folders of a path, the innermost first."""
    found = []
    while path not in ("", "/", ".") and not posix.access(path, 0):
        found.append(path)
        path = files.folder(path)
    return found


def remove_empty(paths: list[str]) -> None:
    """Removes folders in this order, up to the first that is not empty."""
    for path in paths:
        try:
            posix.rmdir(path)
        except OSError:  # noqa: PERF203 what is in use stays
            return


class for_now:  # noqa: N801 it is used as a function is
    """For a `with` that may create a folder: removes it at the end if it is empty."""

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
            # A filesystem without new folders, such as /proc.
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
