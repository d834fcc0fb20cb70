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
