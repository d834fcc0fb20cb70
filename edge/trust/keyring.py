"""Named signing keys, and this machine's own key.

They are in $XDG_DATA_HOME/edge/keys/NAME.key, readable by its owner only. A file has the format of
key_file.py or, with a passphrase:

    magic, 8 | log2 of N, 1 | r, 1 | p, 1 | salt, 16 | public key, 32 | the seed, sealed (native/src/seal.rs)

N, r and p are the parameters of scrypt (RFC 7914), which derives the sealing key from the
passphrase. RATIONALE, "Why scrypt comes from hashlib".
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import audit, errors, files, trust
from edge._native import making
from edge.digits import is_digest
from edge.files import folders
from edge.text import is_plugin_name
from edge.trust import key_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Ask = Callable[[str], bytes]

SUFFIX = ".key"
LOCAL = "local"
SECRETS = "secrets"
RESERVED = (LOCAL, SECRETS)
"""This machine's own key, and the key that seals secrets."""

MAGIC = b"EDGEKEY1"
SALT_BYTES = 16
SALT_AT = len(MAGIC) + 3
PUBLIC_AT = SALT_AT + SALT_BYTES
SEALED_AT = PUBLIC_AT + native.PUBLIC_KEY_BYTES
LOCKED_BYTES = SEALED_AT + native.SEED_BYTES + native.SEAL_BYTES
CONTEXT = b"edge signing key v1\n"

LOG_N, R, P = 15, 8, 1
"""Each guess takes 32 MB and about 0.1 s on a dev machine."""

MAX_LOG_N, MAX_R, MAX_P = 20, 16, 4
MAX_MEMORY = 1 << 30
"""The limits for the parameters in a file."""

REMEDY = "Restore the file from a backup; without one, move it away and create another: `edge key new NAME`"

BLOCK_BYTES = 128
"""Memory of scrypt for each of N times r."""


class Key:
    """A signing key of this user's.

    name    its name
    public  its public half
    locked  whether it needs a passphrase
    """

    __slots__ = ("locked", "name", "public")

    def __init__(self, name: str, public: bytes, *, locked: bool) -> None:
        self.name = name
        self.public = public
        self.locked = locked


def folder() -> str:
    """The folder of keys; an error if there is no place for them."""
    path = trust.local_path()
    if path:
        return files.folder(path)
    raise errors.EnvironmentFault(files.NO_PLACE.format("keys", "XDG_DATA_HOME"), files.SET_ONE)


def every() -> tuple[list[Key], list[str]]:
    """All signing keys, including this machine's own, and the faults of damaged ones."""
    try:
        listed = posix.listdir(folder())
    except FileNotFoundError:
        return [], []
    except OSError as error:
        files.raise_for(folder(), error)
    names = sorted(entry[: -len(SUFFIX)] for entry in listed if entry.endswith(SUFFIX) and entry[0] != ".")
    found, problems = [], []
    for name in names:
        if name != SECRETS and is_plugin_name(name):
            try:
                found.append(find(name))
            except errors.EnvironmentFault as error:
                problems.append(error.message)
    return found, problems


def is_there(name: str) -> bool:
    """Whether there is a key file of that name."""
    if not is_plugin_name(name) or name == SECRETS:
        return False
    try:
        posix.lstat(_path(name))
    except OSError:
        return False
    return True


def find(name: str) -> Key:
    """A key by its name; `errors.UsageError` if there is none."""
    with key_file.wiped(_content(name)) as content:
        if _is_locked(content):
            return Key(name, bytes(content[PUBLIC_AT:SEALED_AT]), locked=True)
        with key_file.wiped(key_file.checked_seed(content, _path(name))) as seed:
            return Key(name, making.public_key(seed), locked=False)


def make(name: str, passphrase: bytes = b"") -> Key:
    """Creates a key, protected by a passphrase if one is given; never replaces a key."""
    if not is_plugin_name(name) or name in RESERVED or _is_digits(name):
        raise errors.UsageError(
            f"`{name}` is not a valid name for a key",
            f"Names consist of a-z and 0-9, and inside also . _ - ; {' and '.join(RESERVED)} are reserved",
        )
    with key_file.wiped(making.new_key()) as seed:
        public = making.public_key(seed)
        content = _locked(seed, public, passphrase) if passphrase else key_file.file_of(seed, public)
        with key_file.wiped(content):
            _write(name, content, public)
    return Key(name, public, locked=bool(passphrase))


def _write(name: str, content: bytearray, public: bytes) -> None:
    folders.make(folder(), 0o700)

    def tell() -> None:
        if not is_there(name):
            audit.append({"event": "key", "act": "new", "name": name, "key": public.hex()})

    if not key_file.write_key(_path(name), content, before=tell):
        raise errors.UsageError(
            f"A key `{name}` exists already", f"Choose another name, or use it: `edge key show {name}`"
        )


def seed_of(name: str, ask: Ask) -> bytearray:
    """The seed to sign with; `ask` is called for the passphrase of a key that has one.

    The caller wipes it (`key_file.wipe`).
    """
    content = _content(name)
    if not _is_locked(content):
        return key_file.checked_seed(content, _path(name))
    public, sealed = bytes(content[PUBLIC_AT:SEALED_AT]), bytes(content[SEALED_AT:])
    key = _derive(ask(name), bytes(content[SALT_AT:PUBLIC_AT]), *content[len(MAGIC) : SALT_AT])
    try:
        seed = making.unseal(key, CONTEXT + public, sealed, name)
    except errors.BadSeal:
        raise errors.Refused(
            f"The passphrase does not open the key `{name}`", "Type it again; it cannot be recovered"
        ) from None
    return seed


def _path(name: str) -> str:
    return f"{folder()}/{name}{SUFFIX}"


def _is_digits(name: str) -> bool:
    """Whether a name would be read as the digits of a key."""
    return is_digest(name)


def _content(name: str) -> bytearray:
    content = None
    if is_plugin_name(name) and name != SECRETS:
        content = key_file.read_secret(_path(name))
    if content is None:
        raise errors.UsageError(
            f"There is no signing key `{name}`", "`edge key list` shows the existing keys"
        )
    return content


def _is_locked(content: bytearray) -> bool:
    # The bytes after the magic are random, so a run of NULs means damage.
    return content.startswith(MAGIC) and len(content) == LOCKED_BYTES and trust.HOLE not in content


def _locked(seed: bytearray, public: bytes, passphrase: bytes) -> bytearray:
    salt = posix.urandom(SALT_BYTES)
    sealed = making.seal(_derive(passphrase, salt, LOG_N, R, P), CONTEXT + public, seed)
    return bytearray(MAGIC + bytes((LOG_N, R, P)) + salt + public + sealed)


def _derive(passphrase: bytes, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    memory = BLOCK_BYTES * r << log_n
    fits = 1 <= log_n <= MAX_LOG_N and 1 <= r <= MAX_R and 1 <= p <= MAX_P and memory <= MAX_MEMORY
    if not fits:
        raise errors.EnvironmentFault(
            "The key file requires more work for its passphrase than Edge ever sets",
            "Do not use it: `edge key new` never creates such a key",
        )
    scrypt: Any
    try:
        from hashlib import scrypt
    except ImportError:
        raise errors.EnvironmentFault(
            "This Python has no scrypt, which passphrases need", "Use a Python that was built with OpenSSL"
        ) from None
    try:
        derived: bytes = scrypt(
            passphrase, salt=salt, n=1 << log_n, r=r, p=p, maxmem=2 * memory, dklen=native.SEED_BYTES
        )
    except (MemoryError, ValueError):
        raise errors.OutOfMemory(f"Checking the passphrase requires {memory >> 20} MB of memory") from None
    return derived
