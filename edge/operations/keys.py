"""Keys: finding, trusting, revoking and listing them.

Changes return a `Done` (edge/operations/impact.py) with the plugins that they stop, and remarks.
"""

from __future__ import annotations

from edge import _native as native
from edge import errors, files, store, trust
from edge._native import making
from edge.digits import is_digest
from edge.files.encoding import check
from edge.operations.impact import Done, Impact
from edge.operations.words import is_file, is_folder
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.sources.digest import hex_of
from edge.text import INNER, phrase, safe, word
from edge.trust import edit, key_file, keyring
from edge.trust import held as trust_held
from edge.trust import lines as trust_lines
from edge.trust.held import Held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Union

    from edge.trust import Trusted

    Facts = dict[str, Any]
    Counting = dict[bytes, Union[set[str], None]]
    """Plugins by key; None for every plugin."""

DIGITS = "0123456789abcdef"
SHOWN_DIGITS = 16
"""Digits of a key in messages."""

DIGEST = "sha256:"
ALL = "*"
WORD_LIMIT = 200
CODE = (".edge", ".cwasm")
KEY_FILE = "A file of keys contains lines that `edge key show NAME` printed: ed25519 KEY NAME"


def describe(what: str) -> Facts:
    """Describes a key: public, label, trusted, plugins, revoked.

    `what`: its 64 digits, the name of an own key, the label of a trusted one, or the first 16 digits.
    Raises `errors.UsageError` for an unknown key and for an ambiguous word.
    """
    public, label = find(what, "key")
    known = [entry for entry, _ in edit.trusted() if entry.public == public]
    revoked = any(digits == public.hex() for _, digits, _, _ in edit.revocations())
    if not (label or known or revoked):
        raise errors.UsageError(
            f"There is no key {public.hex()} here", "`edge key list` shows the known keys"
        )
    return {
        "public": public.hex(),
        "label": label or (known[0].label if known else ""),
        "trusted": bool(known),
        "plugins": list(known[0].plugins) if known else [],
        "revoked": revoked,
    }


def add(what: str, *, label: str = "", plugins: Sequence[str] | None = None, again: bool = False) -> Done:
    """Trusts a key, or all keys of a file; `trusted` of the event has one item for each.

    `what`: as in `describe`, or a file of lines of trust. `plugins`: names, and prefixes followed by *; empty
    for all plugins, None to keep an earlier list. `again`: accepts a revoked key.
    Raises `errors.UsageError` if there is no such key, and the same as `edge.trust.edit.add`.
    """
    _check_plugins(plugins or ())
    wanted = [
        (entry, _one_line(label or entry.label), entry.plugins or None if plugins is None else plugins)
        for entry in _keys(what)
    ]
    impact = Impact()
    made: list[Facts] = []
    remarks: list[str] = []
    for entry, named, scope in wanted:
        made.append(_without_kind(edit.add(entry.public, named, scope, again=again)))
        remarks += _unexpected(made[-1])
    return Done({"trusted": made}, impact.stopped(), tuple(remarks))


def revoke(what: str, reason: str = "") -> Done:
    """Revokes a key or a digest.

    `what`: a key as in `describe`; sha256: and 64 digits; or the path of a package or an artifact.
    Raises `errors.UsageError` for anything else, and `errors.Refused` for a damaged file.
    """
    reason = _one_line(reason)
    remarks: list[str] = []
    if what.lower().startswith(DIGEST):
        kind, digits = edit.SHA256, hex_of(what).lower()
        if not is_digest(digits):
            raise errors.UsageError(
                f"{what}: a digest has 64 hexadecimal digits",
                "`edge show NAME --json` shows that of a release (id), `edge inspect FILE` those of a file",
            )
    elif not trust_lines.pasted(what) and (
        "/" in what or what.endswith(CODE) or (is_file(what) and not _is_known(what))
    ):
        kind, digits = edit.SHA256, _release_of(what)
    else:
        kind, digits = trust.ALGORITHM, find(what)[0].hex()
        if is_folder(store.release_path(digits)):
            raise errors.UsageError(
                f"{digits} is a release, not a key", f"To revoke it: `edge key revoke sha256:{digits}`"
            )
        remarks = _own_or_brought(digits)
    impact = Impact()
    event = _without_kind(edit.revoke(kind, digits, reason))
    return Done(event, impact.stopped(), tuple(remarks))


def set_floor(version: str) -> Done:
    """Refuses code of compilers older than a release of wasmtime.

    Raises `errors.UsageError` for an invalid release, and for one newer than this library's own.
    """
    own = native.about()["wasmtime"]
    wanted, newest = _version(version), _version(own)
    if wanted > newest:
        raise errors.UsageError(
            f"The floor {version} is newer than this library (wasmtime {own}), whose code it would refuse",
            "Update Edge first",
        )
    impact = Impact()
    event = _without_kind(edit.set_floor(version))
    stopped = impact.stopped()
    remarks = []
    if event["before"] and wanted < _version(event["before"]):
        remarks.append(f"the floor was {event['before']}: code of older compilers is accepted again")
    holds = edit.floor()
    if _version(holds) > wanted:
        remarks.append(f"the floor of the bundle is {holds}; the higher floor applies")
    return Done(event, stopped, tuple(remarks))


def floor() -> str:
    """The oldest release of wasmtime whose code is loaded, from all files of trust; empty for any."""
    return edit.floor()


def listed() -> Facts:
    """Own keys, trusted keys and whether the level of this device accepts them, revocations, the floor.

    Raises `errors.EnvironmentFault` if a file of trust or of the policy can't be read.
    """
    held = Held()
    trust_held.check_all(held)
    own, problems = keyring.every()
    trusted = edit.trusted(held)
    level = policy_file.load().level
    counting = _counting(trusted, level)
    return {
        "own": [{"name": key.name, "public": key.public.hex(), "locked": key.locked} for key in own],
        "trusted": [
            {
                "public": entry.public.hex(),
                "label": entry.label,
                "plugins": list(entry.plugins),
                "file": path or None,
                "counts": _counts(entry, counting),
            }
            for entry, path in trusted
        ],
        "revoked": [
            {"kind": kind, "digits": digits, "reason": reason, "file": path}
            for kind, digits, reason, path in edit.revocations(held)
        ],
        "floor": edit.floor(held) or None,
        "level": level,
        "problems": problems,
    }


def find(what: str, kinds: str = "key or file") -> tuple[bytes, str]:
    """The key and the label for digits, the name of an own key, the label of a trusted one, or first digits.

    `kinds`: what the word may name, for messages. Raises `errors.UsageError` for no key and for several.
    """
    if _is_key(what):
        return bytes.fromhex(what), ""
    if own := trust_lines.pasted(what):
        return own[0].public, own[0].label
    if keyring.is_there(what):
        return keyring.find(what).public, what
    found = _named(what)
    if not found:
        raise errors.UsageError(
            f"There is no {kinds} `{safe(what, WORD_LIMIT)}` here", "`edge key list` shows the known keys"
        )
    if len(found) > 1:
        raise errors.UsageError(
            f"{len(found)} keys here match `{safe(what, WORD_LIMIT)}`", "Name one by all 64 digits"
        )
    return found.popitem()


def _named(what: str) -> dict[bytes, str]:
    """The known keys with a label or with these first digits, and their labels."""
    labels = {key.public: key.name for key in keyring.every()[0]} if _is_shortened(what) else {}
    labels |= {entry.public: entry.label for entry, _ in edit.trusted()}
    return {
        public: label
        for public, label in labels.items()
        if label == what or (_is_shortened(what) and public.hex().startswith(what.lower()))
    }


def _keys(what: str) -> list[Trusted]:
    """The keys to trust: one key, or all lines of a file with their plugins."""
    if own := trust_lines.pasted(what):
        return own
    if _is_key(what) or keyring.is_there(what) or not is_file(what) or is_folder(what):
        public, label = find(what)
        return [trust.Trusted(public, label)]
    try:
        content = check(files.read_input(what), what)
        lines = making.read_trust(content.removeprefix(files.BYTE_ORDER_MARK), what)
    except errors.OptionsError as error:
        # The file is not part of this machine's trust, whose faults trust_lines.parse reports.
        raise errors.UsageError(error.message, KEY_FILE) from None
    found = trust_lines.keys_of(lines)
    if not found or edit.says_more(lines):
        raise errors.UsageError(f"{what} is not a file of keys to trust", KEY_FILE)
    return found


def _is_known(what: str) -> bool:
    """Whether `find` finds a key for the word."""
    return _is_key(what) or keyring.is_there(what) or bool(_named(what))


def _is_key(what: str) -> bool:
    return is_digest(what)


def _is_shortened(what: str) -> bool:
    return SHOWN_DIGITS <= len(what) < edit.KEY_DIGITS and not what.lower().strip(DIGITS)


def _unexpected(event: Facts) -> list[str]:
    """Remarks on effects of trusting a key that the operator may not expect."""
    remarks = []
    if event["again"]:
        remarks.append(f"key {event['key'][:SHOWN_DIGITS]} was revoked here, and is trusted again")
    for entry, path in edit.trusted():
        wider = event["plugins"] and not entry.plugins
        if wider and entry.public.hex() == event["key"] and path != trust.operator_path():
            whose = f"{path} trusts it" if path else "it is this machine's own key, which is trusted"
            remarks.append(f"{whose} for every plugin; only revoking it ends that")
    return remarks


def _own_or_brought(digits: str) -> list[str]:
    """Remarks on effects of revoking a key that the operator may not expect."""
    remarks = []
    if bytes.fromhex(digits) == key_file.local_public():
        remarks.append("this is this machine's own key: plugins compiled here will no longer run here")
    return remarks + [
        f"this key comes from {path}: {word(entry.label)}"
        for entry, path in edit.trusted()
        if entry.public.hex() == digits and path not in ("", trust.operator_path())
    ]


def _release_of(path: str) -> str:
    """The digest that is checked when a file is loaded; not that of the whole file."""
    from edge.package import HEAD_BYTES, is_package, open_package

    fd = files.open_input(path)
    try:
        if not is_package(fd):
            digest: str = native.describe_artifact(fd, path)[0]["artifact"]["sha256"]
            return digest
        import hashlib

        return hashlib.sha256(open_package(fd, path, None).head[HEAD_BYTES:]).hexdigest()
    finally:
        files.close(fd)


def _counting(trusted: list[tuple[Trusted, str]], level: str) -> Counting:
    """The keys that a level accepts, each with the plugins of all its lines."""
    only = levels.operator_only(level)
    found: Counting = {}
    for entry, path in trusted:
        if only and path != trust.operator_path():
            continue
        plugins = found.setdefault(entry.public, set())
        if not entry.plugins:
            found[entry.public] = None
        elif plugins is not None:
            plugins.update(entry.plugins)
    return found


def _counts(entry: Trusted, counting: Counting) -> bool:
    """Whether a key is accepted for all plugins of a line, possibly through other lines."""
    plugins = counting.get(entry.public, set())
    return plugins is None or (bool(entry.plugins) and plugins.issuperset(entry.plugins))


def _check_plugins(names: Sequence[str]) -> None:
    for name in names:
        if not name or name.removesuffix(ALL).strip(INNER):
            raise errors.UsageError(
                f"`{name}` is not a plugin name or prefix",
                "Plugin names, or prefixes followed by *, as in weather,pump-*",
            )


def _one_line(text: str) -> str:
    """The text in one line; refuses a #, which starts a comment."""
    text = " ".join(text.split())
    if "#" in text or not text.isprintable():
        raise errors.UsageError(
            f"`{phrase(text, WORD_LIMIT)}` is not a valid label or reason", "Use one line of text without #"
        )
    return text


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() for part in parts):
        raise errors.UsageError(
            f"`{text}` is not a release of wasmtime", "A release has three numbers, as in 48.0.8"
        )
    return tuple(map(int, parts))


def _without_kind(event: Facts) -> Facts:
    return {name: value for name, value in event.items() if name != "event"}
