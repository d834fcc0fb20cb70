"""Trust: which keys may sign which plugins, and which keys and files are revoked.

~/.config/edge/trusted.keys     the operator's: trusted keys, revoked keys and digests, the oldest compiler
trusted.keys beside the package part of a bundle: the key of the machine that made it

native/src/trust.rs defines and reads the lines. XDG_CONFIG_HOME moves the first file. A machine also trusts
its own key, with which it signs what it compiles:

~/.local/share/edge/keys/local.key  made at first use, read by its owner only (edge/trust/key_file.py)

    magic, 8 | the seed, 32 | its public half, 32

The public half shows a file that a power cut emptied: RATIONALE, "Why a key's file has its public half".
Files of an older Edge contain only the seed. XDG_DATA_HOME moves the file.

RATIONALE, "Why trust is text that the native library reads".
"""

from __future__ import annotations

import posix

from edge import files
from edge._native import PUBLIC_KEY_BYTES, SEED_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.trust.held import Held

FILE = "trusted.keys"
BUNDLED = f"{files.folder(files.folder(__file__))}/{FILE}"
ALGORITHM = "ed25519"
REVOKED = "revoked"
FLOOR = "wasmtime"
OPERATOR = b"operator"
SCOPE = "plugins="
OWN = "this machine"

_KEY = ALGORITHM.encode()

MAGIC = b"EDGEKEY0"
PUBLIC_AT = len(MAGIC) + SEED_BYTES
FILE_BYTES = PUBLIC_AT + PUBLIC_KEY_BYTES
HOLE = bytes(8)
"""Bytes lost in a power cut; random bytes contain this once in 2^59 keys."""

MIN_DIFFERENT = 16
"""Different bytes in a seed: a random one has about 30, an erased flash cell one."""


class Trusted:
    """A trusted key.

    public   the key, 32 bytes
    label    its name on this machine
    plugins  the plugins it may sign: names, and prefixes that end with `*`; empty for all
    """

    __slots__ = ("label", "plugins", "public")

    def __init__(self, public: bytes, label: str, plugins: Iterable[str] = ()) -> None:
        self.public = public
        self.label = label
        self.plugins = tuple(plugins)


def text(*, operator_only: bool = False, held: Held | None = None) -> bytes:
    """Everything that is trusted, as the native library reads it.

    `held`: the files if they were read already; otherwise they are read. `operator_only`: only keys of the
    operator's own file, neither this machine's nor a bundle's. A bundle's revocations and floor still apply:
    no level accepts what a lower one refuses.
    """
    parts = []
    for path in paths():
        found = read(path) if held is None else held.read(path)
        if found == b"":
            from edge.trust.empty import refuse_empty

            refuse_empty(path, is_operators=path != BUNDLED)
        found = found or b""
        parts.append(_without_keys(found) if operator_only and path == BUNDLED else found)
    own = None if operator_only else _own() if held is None else held.own()
    if own is not None:
        parts.append(line(own, OWN).encode())
    if operator_only:
        parts.append(OPERATOR)
    return b"\n".join(filter(None, parts))


def text_for(plugin: str, *, operator_only: bool = False) -> bytes:
    """The same, for releases of one plugin: no other plugin loads under its name."""
    return tied(text(operator_only=operator_only), plugin)


def tied(trusted: bytes, plugin: str) -> bytes:
    """Trust that is limited to what is signed for one plugin."""
    return trusted + f"\nplugin {plugin}\n".encode()


def _own() -> bytes | None:
    """This machine's own key, if it has one."""
    public = read_local()
    if public == b"":
        from edge.trust.key_file import local_public

        return local_public()
    return public


def read_local() -> bytes | None:
    """The public half of this machine's key; None if it has no key.

    It is empty if this release would not write the file like this: then use `key_file.local_public`.
    """
    path = local_path()
    fd = files.open_guarded(path, files.OTHERS_ANY) if path else -1
    if fd < 0:
        return None
    try:
        # The seed is not read, and computing the public half would take a Pi Zero 2 ms.
        size, public = posix.fstat(fd).st_size, posix.pread(fd, PUBLIC_KEY_BYTES, PUBLIC_AT)
        is_whole = size == FILE_BYTES and posix.pread(fd, len(MAGIC), 0) == MAGIC and looks_random(public)
        return public if is_whole else b""
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)


def looks_random(content: bytes | bytearray) -> bool:
    """Whether bytes may be a key: not emptied, and not from an erased flash cell."""
    return HOLE not in content and len(set(content)) >= MIN_DIFFERENT


def local_path() -> str:
    """The path of this machine's key; empty if there is no place for it."""
    data = files.data_home()
    return f"{data}/edge/keys/local.key" if data else ""


def of_keys(publics: Iterable[bytes]) -> bytes:
    """Trust in exactly these keys, for everything that they sign."""
    return "".join([line(public, "") for public in publics]).encode()


def line(public: bytes, label: str, plugins: Iterable[str] = ()) -> str:
    """A line that trusts a key."""
    scope = ",".join(plugins)
    words = (ALGORITHM, public.hex(), f"{SCOPE}{scope}" if scope else "", label)
    return " ".join(filter(None, words)) + "\n"


def paths() -> list[str]:
    """The paths of the files of trust."""
    return list(filter(None, (operator_path(), BUNDLED)))


def operator_path() -> str:
    """The path of the operator's file; empty if there is no place for it."""
    config = files.config_home()
    return f"{config}/edge/{FILE}" if config else ""


def read(path: str) -> bytes | None:
    """A file of trust; None if it does not exist, empty if a power cut left only NULs.

    An error if users other than its owner can write it.
    """
    # The owner of a bundle's file also owns the code that reads it.
    found = files.read_guarded(path, files.OTHERS_WRITE, whosever=path == BUNDLED)
    return found if found is None or found.strip(b"\0") else b""


def _without_keys(content: bytes) -> bytes:
    """A text without the keys that it trusts. Rust refuses lines that it would split otherwise."""
    return b"\n".join([told for told in content.split(b"\n") if told.split(None, 1)[:1] != [_KEY]])
