"""Signing keys of this machine's: its own, with which it signs what it compiles, and others that have a name.

~/.local/share/edge/keys/local.key  the seed of this machine's key: made at first use, read by its owner only

XDG_DATA_HOME moves it. edge/trust.py has what is trusted.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files
from edge.places import data_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

OTHERS_WRITE = 0o022
OTHERS_ANY = 0o077


def local_public() -> bytes | None:
    """The public half of this machine's key, if it has one."""
    path = local_path()
    seed = read_guarded(path, OTHERS_ANY) if path else None
    return None if seed is None else native.public_key(_checked(seed, path))


def local_seed() -> bytes:
    """This machine's signing key, made now if it has none."""
    path = local_path()
    if not path:
        _fail("There is no place for a signing key: neither XDG_DATA_HOME nor HOME is set", "Set one of them")
    seed = read_guarded(path, OTHERS_ANY)
    if seed is None:
        _make(path)
        seed = read_guarded(path, OTHERS_ANY)
    return _checked(seed or b"", path)


def local_path() -> str:
    """Where this machine's key is kept; empty where it can't be kept."""
    data = data_home()
    return f"{data}/edge/keys/local.key" if data else ""


def _make(path: str) -> None:
    make_folder(files.folder(path), 0o700)
    with files.Staged(path, 0o600) as staged:
        staged.write(native.new_key())
        # Another process may be as far: the first one's key stays, and both use it.
        staged.commit(replace=False)


def make_folder(path: str, mode: int) -> None:
    """Makes a folder, and those it is in, where they are not there."""
    try:
        _make_one(path, mode)
    except FileNotFoundError:
        make_folder(files.folder(path), 0o755)
        try:
            _make_one(path, mode)
        except FileNotFoundError as error:
            # A file system that takes no folders, as /proc.
            files.raise_for(path, error)


def _make_one(path: str, mode: int) -> None:
    try:
        posix.mkdir(path, mode)
        files.sync_folder(files.folder(path))
    except FileExistsError:
        return
    except FileNotFoundError:
        raise
    except OSError as error:
        files.raise_for(path, error)


def read_guarded(path: str, forbidden: int, *, whosever: bool = False) -> bytes | None:
    """A file's contents, None where there is none; an error where others have access that they must not.

    It has to be this user's or root's, unless it may be `whosever`; one that others must not even read is
    taken from its own place only, not by a link.
    """
    flags = posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK
    try:
        fd = posix.open(path, flags | posix.O_NOFOLLOW if forbidden == OTHERS_ANY else flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        _refuse_link(path, error)
        files.raise_for(path, error)
    try:
        found = posix.fstat(fd)
        if found.st_mode & forbidden:
            how = "go-w" if forbidden == OTHERS_WRITE else "go-rwx"
            _fail(
                f"{path}: others than its owner have access to it", f"chmod {how} {path}, if nobody used that"
            )
        if not whosever and found.st_uid not in (0, posix.geteuid()):
            _fail(f"{path} belongs to user {found.st_uid}", "Remove it, unless you know why: then chown it")
        return files.read_all(fd)
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)


def _refuse_link(path: str, error: OSError) -> None:
    from errno import ELOOP

    if error.errno == ELOOP:
        _fail(f"{path} is a link", "Put the file itself there; the folder may be a link")


def _checked(seed: bytes, path: str) -> bytes:
    if len(seed) != native.SEED_BYTES:
        _fail(
            f"{path} is no signing key: it has {len(seed)} bytes",
            "Remove it; a new one is made at the next use",
        )
    return seed


def _fail(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.EnvironmentFault(message, remedy)
