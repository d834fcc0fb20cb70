"""Lock files, which the process that holds the lock may remove.

RATIONALE, "Why a lock goes with what it was made for".
"""

from __future__ import annotations

import posix

from edge import files
from edge.files import folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FLAGS = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC


def is_at(fd: int, path: str) -> bool:
    """Whether an open file still has that name."""
    try:
        there = posix.stat(path)
    except FileNotFoundError:
        return False
    here = posix.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def take(path: str, wait: Callable[[int], None]) -> int:
    """A descriptor of a file with its lock held; creates the file and its folder if they are missing.

    `wait` takes the lock of a descriptor. Raises OSError as that and opening do.
    """
    while True:
        folder = files.folder(path)
        folders.make(folder, 0o700)
        try:
            fd = posix.open(path, FLAGS, 0o600)
        except FileNotFoundError:
            from edge.files.folder_errors import refuse_dangling_folder

            refuse_dangling_folder(folder)
            # The process that made the folder has removed it again.
            continue
        try:
            wait(fd)
            if is_at(fd, path):
                return fd
        except BaseException:
            posix.close(fd)
            raise
        posix.close(fd)
