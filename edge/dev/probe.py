"""Checks that a file can be written before the work that produces its contents."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from edge import errors, files
from edge.files.staged import Staged
from edge.suggest import shell

SOME = bytes(4096)


@contextlib.contextmanager
def made_folder(path: str) -> Iterator[None]:
    """Creates a folder and its parents for a `with`; removes them if that fails."""
    missing = []
    at = path.rstrip("/") or "/"
    while not os.path.lexists(at):
        missing.append(at)
        at = files.folder(at)
    done = []
    try:
        for folder in reversed(missing):
            os.mkdir(folder)
            done.append(folder)
    except OSError as error:
        _remove(done)
        files.raise_for(path, error)
    try:
        yield
    except BaseException:
        _remove(done)
        raise


def _remove(folders: list[str]) -> None:
    for folder in reversed(folders):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def probe(path: str) -> None:
    """Raises now what writing would raise later: a missing folder, a full or read-only disk.

    Leaves nothing behind and does not change an existing file.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        files.raise_for(path, error)
    if os.path.isdir(path):
        files.raise_for(path, OSError(errno.EISDIR, os.strerror(errno.EISDIR)))
    # The output replaces an existing file, which as root would replace even /dev/stdout.
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise errors.UsageError(
            f"{path} is a device, a pipe or a link, not a regular file", "Name a regular file"
        )
    if not os.path.lexists(files.folder(path)):
        raise errors.UsageError(
            f"{path}: no such folder: {files.folder(path)}",
            f"Create it: `mkdir -p {shell(files.folder(path))}`",
        )
    with Staged(path) as staged:
        staged.write(SOME)
