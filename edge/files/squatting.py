"""Finds a folder in shared memory for a user whose usual folder another user has made.

Every user can write to /dev/shm: another user who makes /dev/shm/edge-UID first could block all calls of this
user, who cannot remove it. Only root can make a folder that belongs to another user, so any folder of this
user whose name begins with `edge-UID-` is safe. A process looks for such a folder before it makes one, under
a lock: all processes of a user find the same one, even if the other folder appears or vanishes meanwhile.

The lock file stays, and makes all processes use this module until a restart empties /dev/shm and the usual
folder can be made again. RATIONALE, "Why a stranger's folder in shared memory is walked around".
"""

from __future__ import annotations

import posix
from contextlib import contextmanager

from edge import errors, files
from edge.files import folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME_BYTES = 8


def find(
    usual: str, is_own: Callable[[str], bool], make: Callable[[str], str], lock: Callable[[str], int]
) -> str:
    """The folder that all processes of this user share: the usual one, an existing one, or a new one.

    edge.files.runtime_dir passes the functions that check a folder, create one and take the lock.
    """
    with _locked(lock):
        if is_own(usual):
            return usual
        for name in sorted(posix.listdir(files.folder(usual))):
            path = f"{files.folder(usual)}/{name}"
            if path.startswith(f"{usual}-") and is_own(path):
                return path
        try:
            posix.mkdir(usual, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            files.raise_for(usual, error)
        else:
            return make(usual)
        # A name that other users cannot guess.
        return make(f"{usual}-{posix.urandom(NAME_BYTES).hex()}")


@contextmanager
def _locked(lock: Callable[[str], int]) -> Iterator[None]:
    """Holds a lock in the data folder: in shared memory, another user could hold it."""
    try:
        folders.make(files.data_folder(), 0o755)
        fd = lock(files.data_folder())
    except errors.EdgeError:
        # Without a data folder nothing is installed, and two processes that start at once may disagree.
        yield
        return
    try:
        yield
    finally:
        posix.close(fd)
