"""Signing keys of this machine's: its own, with which it signs what it compiles, and others that have a name.

~/.local/share/edge/keys/local.key  the seed of this machine's key: made at first use, read by its owner only

XDG_DATA_HOME moves it. edge/trust.py has what is trusted.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files, places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

OTHERS_WRITE = files.OTHERS_WRITE
OTHERS_ANY = 0o077

MAX_SECRET_BYTES = 1024
"""Of a file of a key, behind a passphrase or not."""


def local_public() -> bytes | None:
    """The public half of this machine's key, if it has one."""
    path = local_path()
    seed = read_secret(path) if path else None
    if seed is None:
        return None
    with wiped(seed):
        return native.public_key(_checked(seed, path))


def local_seed() -> bytearray:
    """This machine's signing key, made now if it has none; to be wiped by who has signed with it."""
    path = local_path()
    if not path:
        _fail(places.NO_PLACE.format("a signing key", "XDG_DATA_HOME"), places.SET_ONE)
    seed = read_secret(path)
    if seed is None:
        make_key(path)
        seed = read_secret(path)
    return _checked(bytearray() if seed is None else seed, path)


def wipe(secret: bytearray) -> None:
    """Overwrites a secret. Copies that Python made of it (bytes, str) can't be: SECURITY.md."""
    secret[:] = bytes(len(secret))


class wiped:  # noqa: N801 it is used as a function is
    """A secret for a `with`, overwritten at its end."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytearray) -> None:
        self._secret = secret

    def __enter__(self) -> bytearray:
        return self._secret

    def __exit__(self, *_: object) -> None:
        wipe(self._secret)


def local_path() -> str:
    """Where this machine's key is kept; empty where it can't be kept."""
    data = places.data_home()
    return f"{data}/edge/keys/local.key" if data else ""


def make_key(path: str) -> None:
    """Makes a file of a new key, where there is none."""
    make_folder(files.folder(path), 0o700)
    with wiped(native.new_key()) as seed, files.Staged(path, 0o600) as staged:
        staged.write(seed)
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

    It and its folder (`files.check_folder`) have to be this user's or root's, unless it may be `whosever`;
    one that others must not even read is taken from its own place only, not by a link.
    """
    fd = _open_guarded(path, forbidden, whosever=whosever)
    if fd < 0:
        return None
    try:
        return files.read_all(fd)
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)


def read_secret(path: str) -> bytearray | None:
    """The same of a small file that only its owner may read, as bytes that can be wiped."""
    fd = _open_guarded(path, OTHERS_ANY)
    if fd < 0:
        return None
    try:
        found = bytearray(min(posix.fstat(fd).st_size, MAX_SECRET_BYTES))
        del found[posix.readv(fd, [found]) :]
        return found
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)


def _open_guarded(path: str, forbidden: int, *, whosever: bool = False) -> int:
    """A descriptor of a guarded file, -1 where there is none."""
    fd = _open(path, forbidden, whosever=whosever)
    if fd < 0:
        return fd
    try:
        guard(path, posix.fstat(fd), forbidden, whosever=whosever)
    except BaseException:
        posix.close(fd)
        raise
    return fd


def guard(path: str, found: posix.stat_result, forbidden: int, *, whosever: bool = False) -> None:
    """Raises `errors.EnvironmentFault` for a file that others have access to, or that is another user's."""
    if found.st_mode & forbidden:
        how = "go-w" if forbidden == OTHERS_WRITE else "go-rwx"
        _fail(f"{path}: others than its owner have access to it", f"chmod {how} {path}, if nobody used that")
    if not whosever and found.st_uid not in (0, posix.geteuid()):
        _fail(f"{path} belongs to user {found.st_uid}", "Remove it, unless you know why: then chown it")


def _open(path: str, forbidden: int, *, whosever: bool) -> int:
    """A descriptor, -1 where there is nothing. Every folder is checked that a link leads to."""
    flags = posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK | (0 if whosever else posix.O_NOFOLLOW)
    at, links = path, 0
    while True:
        if not whosever:
            files.check_folder(files.folder(at))
        try:
            return posix.open(at, flags)
        except (FileNotFoundError, NotADirectoryError):
            if links:
                from edge.folders import refuse_dangling

                refuse_dangling(path, at)
            return -1
        except OSError as error:
            if forbidden == OTHERS_ANY:
                _refuse_link(path, error)
            links += 1
            at = _target(at, links, error)


def _target(path: str, links: int, error: OSError) -> str:
    """Where a link leads, with which a file could not be opened."""
    from errno import ELOOP

    from edge.folders import MAX_LINKS, refuse_links

    if links > MAX_LINKS:
        refuse_links(path)
    try:
        target = posix.readlink(path) if error.errno == ELOOP else ""
    except OSError:
        target = ""
    if not target:
        files.raise_for(path, error)
    return target if target.startswith("/") else f"{files.folder(path)}/{target}"


def _refuse_link(path: str, error: OSError) -> None:
    from errno import ELOOP

    if error.errno == ELOOP:
        _fail(f"{path} is a link", "Put the file itself there; the folder may be a link")


def _checked(seed: bytearray, path: str) -> bytearray:
    if len(seed) != native.SEED_BYTES:
        _fail(
            f"{path} is no signing key: it has {len(seed)} bytes",
            "Remove it; a new one is made at the next use",
        )
    return seed


def _fail(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.EnvironmentFault(message, remedy)
