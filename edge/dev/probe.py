"""Whether a file can be written, found out before the work that makes its contents."""

from __future__ import annotations

import errno
import os

from edge import errors, files

SOME = bytes(4096)


def probe(path: str) -> None:
    """Raises now what would be raised in the end: a folder that is missing, a disk that is full or read-only.

    Nothing stays of it, and a file that is there stays as it is.
    """
    if os.path.isdir(path):
        files.raise_for(path, OSError(errno.EISDIR, os.strerror(errno.EISDIR)))
    if os.path.exists(path) and not os.path.isfile(path):
        # What is written takes the place of what was there: root would lose /dev/null.
        raise errors.UsageError(f"{path}: it is no regular file", "Name one; it is written all at once")
    with files.Staged(path) as staged:
        staged.write(SOME)
