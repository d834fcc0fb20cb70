"""Signing keys of this machine's: its own, with which it signs what it compiles, and others that have a name.

~/.local/share/edge/keys/local.key  this machine's key: made at first use, read by its owner only

    magic, 8 | the seed, 32 | its public half, 32

The public half is there so that a file which a power cut emptied is no key: RATIONALE, "Why a key's file has
its public half". Files of an older Edge have the seed alone. XDG_DATA_HOME moves it. `edge.trust` has what
is trusted.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files
from edge.files import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

OTHERS_WRITE = files.OTHERS_WRITE
OTHERS_ANY = 0o077

MAX_SECRET_BYTES = 1024
"""Of a file of a key, behind a passphrase or not."""

MAGIC = b"EDGEKEY0"
PUBLIC_AT = len(MAGIC) + native.SEED_BYTES
FILE_BYTES = PUBLIC_AT + native.PUBLIC_KEY_BYTES
HOLE = bytes(8)
"""What a power cut puts in place of bytes; random ones have it once in 2^59 keys."""

LEAST_DIFFERENT = 16
"""Values among a seed's bytes: a random one has some 30, a flash cell that was erased one."""


def local_public() -> bytes | None:
    """The public half of this machine's key, if it has one."""
    path = local_path()
    fd = _open_guarded(path, OTHERS_ANY) if path else -1
    if fd < 0:
        return None
    try:
        # The seed stays out of memory, and working its half out would take a Pi Zero 2 ms.
        size, public = posix.fstat(fd).st_size, posix.pread(fd, native.PUBLIC_KEY_BYTES, PUBLIC_AT)
        if size == FILE_BYTES and posix.pread(fd, len(MAGIC), 0) == MAGIC and looks_random(public):
            return public
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)
    from edge._native import making

    with wiped(local_seed()) as seed:
        return making.public_key(seed)


def local_seed() -> bytearray:
    """This machine's signing key, made now if it has none; to be wiped by who has signed with it."""
    from edge.trust.key_file import local_seed

    return local_seed()


def looks_random(content: bytes | bytearray) -> bool:
    """Whether bytes may be those of a key: not emptied, not of an erased flash cell."""
    return HOLE not in content and len(set(content)) >= LEAST_DIFFERENT


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
    data = paths.data_home()
    return f"{data}/edge/keys/local.key" if data else ""


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
    """Raises `errors.EnvironmentFault` for a file that others have access to, or another user's, or none."""
    if found.st_mode & files.FORMAT_MASK != files.REGULAR:
        from edge.files.io_errors import refuse_kind

        refuse_kind(path, found.st_mode)
    if found.st_mode & forbidden:
        from edge.files.folder_errors import refuse_access

        refuse_access(path, secret=forbidden == OTHERS_ANY)
    if not whosever and found.st_uid not in (0, posix.geteuid()):
        from edge.files.folder_errors import refuse_owner

        refuse_owner(path, found.st_uid)


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
                from edge.files.folder_errors import refuse_dangling

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

    from edge.files.folder_errors import MAX_LINKS, refuse_links

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
        fail(f"{path} is a link", "Put the file itself there; the folder may be a link")


def fail(message: str, remedy: str) -> NoReturn:
    """Raises `errors.EnvironmentFault`."""
    from edge import errors

    raise errors.EnvironmentFault(message, remedy)
