"""A file that the processes of one user share: locked while it is changed, and backed by memory.

It stands in $XDG_RUNTIME_DIR/edge, /dev/shm/edge-UID (squatting.py has what is done where somebody else
made that) or /run/edge, so that what changes with every call never wears a card out and a restart begins at
nothing. Nobody but its user has access to it. Each place for data
has a folder of its own in it, for what goes by plugins' names: elsewhere another may have that name.
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
    """A folder that memory backs and only this user reaches, made when it is not there."""
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
    """The folder in it of what is about the plugins of this place for data, or one in there."""
    own = checked_folder(f"{folder()}/{own_mark()}")
    return checked_folder(f"{own}/{name}") if name else own


def own_mark() -> str:
    """Stands for this place for data: a digest of its path, of up to 20 digits."""
    # Only its user names it, and needs no better one: hashlib costs 0.6 MB on a Pi Zero, and digits of
    # another base 64 kB more of the interpreter.
    path = files.data_home().rstrip("/").encode("utf-8", "surrogateescape")
    return f"{int.from_bytes(path, 'big') % DIGEST_PRIME}"


def checked_folder(path: str) -> str:
    """Makes a folder of mode 0700, or makes sure of the one there is: no link, owned by this user alone."""
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
    """The lock of those who look for another place, held: it is closed to let others have it."""
    fd = open_file(f"{data}/{TAKEN}")
    try:
        lock(fd, f"{data}/{TAKEN}")
    except BaseException:
        posix.close(fd)
        raise
    return fd


def _was_taken() -> bool:
    """Whether somebody else ever had the usual place: then this user may have another (squatting.py)."""
    return posix.access(f"{files.data_home()}/edge/{TAKEN}", 0)


def is_own(path: str) -> bool:
    """Whether there is something of this user's; an error where it is, and no folder for this user alone."""
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
    """Whether counters may go there: never onto a block device, which may be a card.

    With an `owner`, others must not be able to put something there before this user does.
    """
    try:
        found = posix.stat(path)
    except OSError:
        return False
    if found.st_mode & files.FORMAT_MASK != files.DIRECTORY or posix.major(found.st_dev):
        return False
    return owner is None or (found.st_uid == owner and not found.st_mode & files.OTHERS_WRITE)


def open_file(path: str) -> int:
    """A descriptor of the file, made when it is not there, that only this user has access to."""
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
    """Removes a file, if it is there; whoever has it open keeps it."""
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
    """Pauses, one after the other, for who finds the file locked: but not for ever."""
    from time import monotonic, sleep

    end = monotonic() + LOCK_TIMEOUT
    while monotonic() < end:
        sleep(LOCK_PAUSE)
        yield
    # Who is stopped while it holds the lock must not stop all others for good.
    from edge import errors

    raise errors.IoFault(
        f"{path} has been locked for {LOCK_TIMEOUT:.0f} s",
        f"A stopped process may hold the lock: `fuser {path}` shows which",
    )


def lock(fd: int, path: str) -> None:
    """Waits for the lock, but not for ever. It belongs to the open file, not to a thread."""
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
