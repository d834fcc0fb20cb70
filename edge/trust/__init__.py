"""Whom this machine trusts to sign which plugins, and what it takes from nobody.

~/.config/edge/trusted.keys     the operator's: trusted keys, revoked keys and digests, the oldest compiler
trusted.keys beside the package what a bundle brings: the key of the machine that made it

native/src/trust.rs says what a line may be; it reads them all. A machine trusts its own key as well.
XDG_CONFIG_HOME moves the first.
"""

from __future__ import annotations

from edge import files
from edge.files import paths as places
from edge.trust import local_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.trust.held import Held

FILE = "trusted.keys"
ALGORITHM = "ed25519"
REVOKED = "revoked"
FLOOR = "wasmtime"
OPERATOR = b"operator"
SCOPE = "plugins="
OWN = "this machine"

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


def text(*, operator_only: bool = False, held: Held | None = None) -> bytes:
    """All that is to be trusted, as the native library reads it.

    `held`: the files as they were read already; without it they are read. `operator_only`: keys of the
    operator's own file, neither this machine's nor a bundle's. What a bundle revokes, and its floor, hold all
    the same: no level takes what a lower one refuses.
    """
    parts = []
    for path in paths():
        found = read(path) if held is None else held.read(path)
        if found == b"":
            from edge.trust.empty import refuse_empty

            refuse_empty(path, is_operators=path == operator_path())
        found = found or b""
        parts.append(_without_keys(found) if operator_only and path != operator_path() else found)
    own = None if operator_only else _own() if held is None else held.own()
    if own is not None:
        parts.append(line(own, OWN).encode())
    if operator_only:
        parts.append(OPERATOR)
    return b"\n".join(filter(None, parts))


def _own() -> bytes | None:
    """This machine's own key, if it has one."""
    public = local_key.read_public()
    if public == b"":
        from edge.trust.key_file import local_public

        return local_public()
    return public


def of_keys(publics: Iterable[bytes]) -> bytes:
    """Trust in these keys, whatever they sign, and in nothing else."""
    return "".join([line(public, "") for public in publics]).encode()


def line(public: bytes, label: str, plugins: Iterable[str] = ()) -> str:
    """A line that trusts a key."""
    scope = ",".join(plugins)
    words = (ALGORITHM, public.hex(), f"{SCOPE}{scope}" if scope else "", label)
    return " ".join(filter(None, words)) + "\n"


def tied(trusted: bytes, plugin: str) -> bytes:
    """Trust in what is this plugin and no other, whoever of the trusted signed it."""
    return trusted + f"\nplugin {plugin}\n".encode()


def paths() -> list[str]:
    """Where trust is looked for."""
    return list(filter(None, (operator_path(), f"{files.folder(files.folder(__file__))}/{FILE}")))


def operator_path() -> str:
    """The operator's file; empty where there is no place for it."""
    config = places.config_home()
    return f"{config}/edge/{FILE}" if config else ""


def read(path: str) -> bytes | None:
    """A file of trust, None where there is none, empty where a power cut left nothing but NULs.

    An error where others than its owner may write it.
    """
    # Whoever owns what a bundle brings owns the code that reads it, too.
    found = files.read_guarded(path, files.OTHERS_WRITE, whosever=path != operator_path())
    return found if found is None or found.strip(b"\0") else b""


def _without_keys(content: bytes) -> bytes:
    """What a text says but for the keys it trusts. Rust refuses lines that it would cut otherwise."""
    return b"\n".join([told for told in content.split(b"\n") if told.split(None, 1)[:1] != [_KEY]])
