"""The folder in memory for files that the processes of one user share, and their locks.

It is $XDG_RUNTIME_DIR/edge, /dev/shm/edge-UID (see squatting.py if another user has made that) or /run/edge,
so that counting calls does not wear out an SD card, and a restart clears it. Only its user has access. Each
data folder has its own subfolder for files named after plugins: another data folder may have the same names.
RATIONALE, "Why all places for data share one file of counters".
"""

from __future__ import annotations

import posix

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

SHARED_MEMORY = "/dev/shm"  # noqa: S108 -- the folder in it is checked
TAKEN = "runtime.lock"
LOCK_TIMEOUT = 5.0
LOCK_PAUSE = 0.002

OTHERS_ANY = 0o077

DIGEST_PRIME = 0x9E3779B97F4A7C55


def folder() -> str:
    """The folder in memory that only this user can access; created if it is missing."""
    user = posix.getuid()
    named = files.environment("XDG_RUNTIME_DIR")
    if named.startswith("/") and _fits(named, user):
        return checked_folder(f"{named}/edge")
    if not _fits(SHARED_MEMORY, None):
        return checked_folder("/run/edge")
    usual = f"{SHARED_MEMORY}/edge-{user}"
    if is_own(usual):
        return usual
    if not _was_taken():
        try:
            posix.mkdir(usual, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            files.raise_for(usual, error)
        else:
            return usual
    from edge.files.squatting import find

    return find(usual, is_own, checked_folder, _open_taken)


def own_folder(name: str = "") -> str:
    """The subfolder for this data folder, or a folder inside it."""
    own = checked_folder(f"{folder()}/{own_mark()}")
    return checked_folder(f"{own}/{name}") if name else own


def own_mark() -> str:
    """The mark of this data folder: a digest of its path, of up to 20 digits."""
    # Only its user chooses the path, so a weak digest is enough: hashlib costs 0.6 MB on a Pi Zero, and
    # digits of another base 64 kB more of the interpreter.
    path = files.data_home().rstrip("/").encode("utf-8", "surrogateescape")
    return f"{int.from_bytes(path, 'big') % DIGEST_PRIME}"


def checked_folder(path: str) -> str:
    """Creates a folder of mode 0700, or checks the existing one: not a link, and only for this user."""
    if is_own(path):
        return path
    try:
        posix.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        files.raise_for(path, error)
    found = posix.lstat(path)
    if found.st_uid != posix.getuid():
        _distrust(path, f"it belongs to user {found.st_uid}")
    _refuse_open(path, found)
    return path


def _open_taken(data: str) -> int:
    """Takes the lock for choosing another folder; closing the descriptor releases it."""
    fd = open_file(f"{data}/{TAKEN}")
    try:
        lock(fd, f"{data}/{TAKEN}")
    except BaseException:
        posix.close(fd)
        raise
    return fd


def _was_taken() -> bool:
    """Whether another user ever had the usual folder: then this one may be elsewhere (squatting.py)."""
    return posix.access(f"{files.data_home()}/edge/{TAKEN}", 0)


def is_own(path: str) -> bool:
    """Whether the path is this user's; an error if it is not a folder, or is open to other users."""
    try:
        found = posix.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        files.raise_for(path, error)
    if found.st_uid != posix.getuid():
        return False
    _refuse_open(path, found)
    return True


def _refuse_open(path: str, found: posix.stat_result) -> None:
    if found.st_mode & files.FORMAT_MASK != files.DIRECTORY:
        _distrust(path, "it is not a folder")
    if found.st_mode & OTHERS_ANY:
        _distrust(path, "other users have access to it")


def _fits(path: str, owner: int | None) -> bool:
    """Whether counters may be there: never on a block device, which may be an SD card.

    With an `owner`, other users must not be able to create files there.
    """
    try:
        found = posix.stat(path)
    except OSError:
        return False
    if found.st_mode & files.FORMAT_MASK != files.DIRECTORY or posix.major(found.st_dev):
        return False
    return owner is None or (found.st_uid == owner and not found.st_mode & files.OTHERS_WRITE)


def open_file(path: str) -> int:
    """A descriptor of a file that only this user can access; created if it is missing."""
    try:
        fd = posix.open(path, posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC, 0o600)
    except OSError as error:
        files.raise_own(path, error)
    found = posix.fstat(fd)
    right = found.st_mode & files.FORMAT_MASK == files.REGULAR and found.st_uid == posix.getuid()
    if not right or found.st_mode & OTHERS_ANY:
        posix.close(fd)
        _distrust(path, "it is not a file that only this user can access")
    return fd


def drop(path: str) -> None:
    """Removes a file if it exists; open descriptors stay valid."""
    try:
        posix.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        files.raise_for(path, error)


def _distrust(path: str, why: str) -> NoReturn:
    from edge import errors

    raise errors.EnvironmentFault(f"{path}: {why}, so counters there cannot be trusted", "Remove it")


def pauses(path: str) -> Iterator[None]:
    """Pauses while a file is locked, up to a timeout."""
    from time import monotonic, sleep

    end = monotonic() + LOCK_TIMEOUT
    while monotonic() < end:
        sleep(LOCK_PAUSE)
        yield
    # A stopped process that holds the lock must not block all others forever.
    from edge import errors

    raise errors.IoFault(
        f"{path} has been locked for {LOCK_TIMEOUT:.0f} s",
        f"A stopped process may hold the lock: `fuser {path}` shows which",
    )


def lock(fd: int, path: str) -> None:
    """Waits for the lock, up to a timeout. It belongs to the open file, not to a thread."""
    waiting = pauses(path)
    try:
        while not _locked(fd):
            next(waiting)
    except OSError as error:
        files.raise_for(path, error)


def _locked(fd: int) -> bool:
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True
