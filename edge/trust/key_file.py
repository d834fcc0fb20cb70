"""Key files: their contents, checks and creation.

Calls do not need this: edge/trust/__init__.py reads the public half of this machine's key.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, files
from edge._native import making
from edge.files import folders
from edge.files.staged import Staged
from edge.trust import FILE_BYTES, MAGIC, PUBLIC_AT, local_path, looks_random, read_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, NoReturn

MAX_SECRET_BYTES = 1024
"""The size of a key file, with or without a passphrase."""

SECRETS_FILE = "secrets.key"
"""The key that seals secrets (edge/store/secrets.py); it signs nothing."""


def local_public() -> bytes | None:
    """The public half of this machine's key, if it has one."""
    public = read_local()
    if public is None or public:
        return public
    with wiped(local_seed()) as seed:
        return making.public_key(seed)


def local_seed() -> bytearray:
    """This machine's signing key, created if there is none; the caller wipes it."""
    path = local_path()
    if not path:
        raise errors.EnvironmentFault(files.NO_PLACE.format("a signing key", "XDG_DATA_HOME"), files.SET_ONE)
    content = read_secret(path)
    if content is None:
        make_key(path)
        content = read_secret(path)
    return checked_seed(bytearray() if content is None else content, path)


def read_secret(path: str) -> bytearray | None:
    """The contents of a small file that only its owner may read, as bytes that can be wiped."""
    fd = files.open_guarded(path, files.OTHERS_ANY)
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


def checked_seed(content: bytearray, path: str) -> bytearray:
    """The seed in the contents of a key file, which are wiped; `errors.KeyDamaged` if it is damaged."""
    with wiped(content):
        seed = seed_in(content)
        if not is_whole(content, making.public_key(seed)):
            wipe(seed)
            refuse_damaged(path, len(content))
        return seed


def seed_in(content: bytearray) -> bytearray:
    """The seed in a key file; NULs if there is none. `is_whole` checks it."""
    if len(content) == FILE_BYTES:
        return content[len(MAGIC) : PUBLIC_AT]
    return bytearray(content if len(content) == native.SEED_BYTES else native.SEED_BYTES)


def is_whole(content: bytearray, public: bytes) -> bool:
    """Whether a key file is complete; `public`: the public half of its seed."""
    if len(content) == FILE_BYTES:
        return content.startswith(MAGIC) and content.endswith(public)
    # A file of an older Edge contains only the seed, which must look random.
    return len(content) == native.SEED_BYTES and looks_random(content)


def file_of(seed: bytearray, public: bytes) -> bytearray:
    """The contents of a key file; to be wiped after writing."""
    return bytearray(MAGIC) + seed + public


def refuse_damaged(path: str, size: int) -> NoReturn:
    """Raises `errors.KeyDamaged` for a damaged key file of this size."""
    from edge.suggest import shell

    away = f"`mv {shell(path)} {shell(path + '.damaged')}`"
    remedy = "Restore it from a backup; without one: "
    name = files.base_name(path)
    what = "key" if name == SECRETS_FILE else "signing key"
    why = f"it has {size} bytes" if size not in (FILE_BYTES, native.SEED_BYTES) else "its contents were lost"
    if name == SECRETS_FILE:
        remedy += "set the secrets again, which creates a new key: `edge secret NAME PROPERTY`"
    elif name == files.base_name(local_path()):
        remedy += f"{away}, and pack again what it signed; a new key is created at the next use"
    else:
        remedy += f"{away}, and create another: `edge key new {name.removesuffix('.key')}`"
    raise errors.KeyDamaged(f"{path} is not a valid {what}: {why}", remedy)


def make_key(path: str, *, replace: bool = False) -> None:
    """Creates a new key file; an existing one stays unless `replace` is set."""
    folders.make(files.folder(path), 0o700)
    with wiped(making.new_key()) as seed, wiped(file_of(seed, making.public_key(seed))) as content:
        write_key(path, content, replace=replace)


def write_key(
    path: str, content: bytearray, *, replace: bool = False, before: Callable[[], None] | None = None
) -> bool:
    """Writes a key file; without `replace`, returns false if there is one already, which then stays.

    `before` is called after writing, before the file is put in place.
    """
    with Staged(path, 0o600) as staged:
        staged.write(content)
        if posix.fstat(staged.fd).st_mode & files.OTHERS_ANY:
            raise errors.EnvironmentFault(
                f"{files.folder(path)} is on a filesystem that cannot protect files from other users",
                "Mount it with umask=077, or set XDG_DATA_HOME to a folder on another one",
            )
        if before is not None:
            before()
        # Another process may do the same: the first key stays, and both use it.
        return staged.commit(replace=replace)
