"""Whom this machine trusts to sign which plugins, and what it takes from nobody.

~/.config/edge/trusted.keys     the operator's: trusted keys, revoked keys and digests, the oldest compiler
trusted.keys beside the package what a bundle brings: the key of the machine that made it

native/src/trust.rs says what a line may be; it reads them all. A machine trusts its own key as well.
XDG_CONFIG_HOME moves the first.
"""

from __future__ import annotations

from edge import _native as native
from edge import files, keys, places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

FILE = "trusted.keys"
ALGORITHM = "ed25519"
REVOKED = "revoked"
FLOOR = "wasmtime"
OPERATOR = b"operator"
SCOPE = "plugins="
OWN = "this machine"
LINES = "Remove the line: `edge key trust` and `edge key revoke` write such lines as they have to be"

_KEY = ALGORITHM.encode()


class Trusted:
    """A trusted key.

    public   the key, 32 bytes
    label    what it is called here
    plugins  what it may sign, names and prefixes with a `*` behind them; empty for whatever it likes
    """

    __slots__ = ("label", "plugins", "public")

    def __init__(self, public: bytes, label: str, plugins: Iterable[str] = ()) -> None:
        self.public = public
        self.label = label
        self.plugins = tuple(plugins)


def text(*, operator_only: bool = False) -> bytes:
    """All that is to be trusted, as the native library reads it.

    `operator_only`: keys of the operator's own file, neither this machine's nor a bundle's. What a bundle
    revokes, and its floor, hold all the same: no level takes what a lower one refuses.
    """
    parts = []
    for path in paths():
        found = _read(path)
        if found == b"":
            _refuse_empty(path)
        found = found or b""
        parts.append(_without_keys(found) if operator_only and path != operator_path() else found)
    own = None if operator_only else keys.local_public()
    if own is not None:
        parts.append(line(own, OWN).encode())
    if operator_only:
        parts.append(OPERATOR)
    return b"\n".join(filter(None, parts))


def of_keys(publics: Iterable[bytes]) -> bytes:
    """Trust in these keys, whatever they sign, and in nothing else."""
    return "".join([line(public, "") for public in publics]).encode()


def line(public: bytes, label: str, plugins: Iterable[str] = ()) -> str:
    """A line that trusts a key."""
    scope = ",".join(plugins)
    words = (ALGORITHM, public.hex(), f"{SCOPE}{scope}" if scope else "", label)
    return " ".join(filter(None, words)) + "\n"


def paths() -> list[str]:
    """Where trust is looked for."""
    return list(filter(None, (operator_path(), f"{files.folder(__file__)}/{FILE}")))


def operator_path() -> str:
    """The operator's file; empty where there is no place for it."""
    config = places.config_home()
    return f"{config}/edge/{FILE}" if config else ""


def read(path: str) -> bytes:
    """A file of trust, empty where there is none or a power cut left nothing but NULs.

    An error where others than its owner may write it.
    """
    found = _read(path) or b""
    return found if found.strip(b"\0") else b""


def _read(path: str) -> bytes | None:
    # Whoever owns what a bundle brings owns the code that reads it, too.
    return keys.read_guarded(path, keys.OTHERS_WRITE, whosever=path != operator_path())


def _refuse_empty(path: str) -> NoReturn:
    """For a file that nothing of Edge leaves empty: with its lines, revocations would be gone as well."""
    from edge import errors

    remedy = "Unpack the bundle again"
    if path == operator_path():
        again = "`edge key trust KEY`, `edge key revoke KEY`"
        remedy = f"Put it back from a backup; without one, trust and revoke again: {again}"
    raise errors.EnvironmentFault(f"{path} is empty: who was trusted and what was revoked is lost", remedy)


def entries(*, operator_only: bool = False) -> list[Trusted]:
    """The trusted keys, those of the operator first, none of them revoked."""
    found: dict[bytes, Trusted] = {}
    revoked: set[str] = set()
    for path in paths():
        lines = parse(read(path), path)
        for entry in keys_of(lines) if not operator_only or path == operator_path() else ():
            found.setdefault(entry.public, entry)
        revoked |= {words[2] for words in lines if words[:2] == [REVOKED, ALGORITHM]}
    own = None if operator_only else keys.local_public()
    if own is not None:
        found.setdefault(own, Trusted(own, OWN))
    return [entry for entry in found.values() if entry.public.hex() not in revoked]


def keys_of(lines: Iterable[list[Any]]) -> list[Trusted]:
    """The keys that lines trust."""
    return [
        Trusted(bytes.fromhex(words[1]), words[2], words[3]) for words in lines if words[:1] == [ALGORITHM]
    ]


def labels() -> dict[bytes, str]:
    """What each trusted key is called."""
    return {entry.public: entry.label for entry in entries()}


def parse(content: bytes, path: str) -> list[list[Any]]:
    """What each line of a file of trust says, as the native library reads it (native/edge.h).

    Raises `errors.EnvironmentFault` for a line that means nothing or seems to mean more than it does, and
    for one that only whoever loads a plugin may add.
    """
    from edge import errors

    try:
        lines = native.read_trust(content, path)
    except errors.OptionsError as error:
        raise errors.EnvironmentFault(error.message, LINES) from None
    for number, words in enumerate(lines, 1):
        if words and words[0] not in (ALGORITHM, REVOKED, FLOOR):
            raise errors.EnvironmentFault(
                f"{path}: line {number} of trust: `{words[0]}` is nothing for a file", LINES
            )
    return lines


def check_all() -> None:
    """Raises `errors.EnvironmentFault`, as `parse`, for every file of trust there is."""
    for path in paths():
        found = _read(path)
        if found is not None and not found.strip(b"\0"):
            _refuse_empty(path)
        parse(found or b"", path)


def _without_keys(content: bytes) -> bytes:
    """What a text says but for the keys it trusts. Rust refuses lines that it would cut otherwise."""
    return b"\n".join([told for told in content.split(b"\n") if told.split(None, 1)[:1] != [_KEY]])
