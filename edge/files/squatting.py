"""A folder in shared memory for a user whose usual one somebody else has made, or nobody yet.

Anybody can write to /dev/shm: whoever makes /dev/shm/edge-UID first could stop all calls of that user, who
can't remove it. Only root can make a folder that belongs to another user, so any folder of this user's own
whose name begins with `edge-UID-` will do. A process looks for such a folder before it makes one, under a
lock: all processes of a user find the same one, whether a stranger's folder comes or goes meanwhile.

The file of the lock stays, and has all processes come here from then on, until a restart empties /dev/shm and
the usual folder can be made again. RATIONALE, "Why a stranger's folder in shared memory is walked around".
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
    """The folder that all processes of this user share: the usual one, or one that is there, or a new one.

    What looks at a folder, makes one and holds the lock in the folder for data: edge.files.runtime_dir.
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
        # A name that nobody knows before it is taken.
        return make(f"{usual}-{posix.urandom(NAME_BYTES).hex()}")


@contextmanager
def _locked(lock: Callable[[str], int]) -> Iterator[None]:
    """A lock where only this user can be: in shared memory a stranger could hold it."""
    try:
        folders.make(files.data_folder(), 0o755)
        fd = lock(files.data_folder())
    except errors.EdgeError:
        # Without a place for data nothing is installed, and two processes that start at once may disagree.
        yield
        return
    try:
        yield
    finally:
        posix.close(fd)
