"""`edge key`: keys to sign with, and whom this machine trusts to sign what."""

from __future__ import annotations

from edge import _native as native
from edge import errors, files, store, trust
from edge._native import making
from edge.cli import output, stopping
from edge.cli.options import Command, Option
from edge.cli.words import is_file, is_folder
from edge.digits import is_digest
from edge.files.encoding import check
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.sources.digest import hex_of
from edge.store import status
from edge.suggest import meant
from edge.text import phrase, safe, word
from edge.trust import edit, key_file, keyring
from edge.trust import held as trust_held
from edge.trust import lines as trust_lines
from edge.trust.held import Held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from edge.cli.options import Given
    from edge.trust import Trusted

    Counting = dict[bytes, Union[set[str], None]]
    """Plugins by key; None for every plugin."""

DIGITS = "0123456789abcdef"
SHOWN_DIGITS = 16
"""As many of a key are in messages."""

DIGEST = "sha256:"
ALL = "*"
KEY_FILE = "A file of keys has lines as `edge key show NAME` prints them: ed25519 KEY NAME"

ACTIONS = {
    "new": "NAME",
    "list": "",
    "show": "NAME|KEY",
    "trust": "NAME|KEY|FILE",
    "revoke": "NAME|KEY|FILE|sha256:DIGEST",
    "floor": "VERSION",
}
OPTIONS = {
    "new": ("passphrase", "passphrase-file"),
    "trust": ("label", "plugins", "again"),
    "revoke": ("reason",),
}
EVERYWHERE = ("json", "help")

COMMAND = Command(
    "key",
    "ACTION [WHAT]",
    "Manages the keys that sign packages, and the keys that this machine accepts signatures from. NAME is\n"
    "the name of an own key or the label of a trusted one; KEY is 64 digits, or the first 16 of a listed\n"
    "key. Every change is recorded in the audit log.\n\n"
    "  new NAME                      makes a key; --passphrase encrypts it\n"
    "  list                          lists own keys, trusted keys, trusted keys that the level of this\n"
    "                                device does not accept, and revocations\n"
    "  show NAME|KEY                 prints a key as `edge key trust` takes it on another machine\n"
    "  trust NAME|KEY|FILE           trusts a key: an own one, 64 digits, a line that show printed, or\n"
    "                                all lines of a file. A key that is trusted keeps label and\n"
    "                                plugins unless others are given\n"
    "  revoke NAME|KEY               revokes a key, and lists the plugins that calls no longer load\n"
    "  revoke FILE|sha256:DIGEST     revokes a package or an artifact, or a digest: of a release (edge\n"
    "                                show), of its code or of the WebAssembly it was compiled from\n"
    "  floor VERSION                 refuses code of compilers older than this release of wasmtime",
    (
        Option("passphrase", "", "ask for the passphrase of a new key"),
        Option("passphrase-file", "FILE", "read the passphrase from a file or a pipe; - for standard input"),
        Option("label", "TEXT", "label of a trusted key on this machine"),
        Option("plugins", "NAMES", "what a key may sign: names and prefixes*, with commas; * for all"),
        Option("reason", "TEXT", "reason of a revocation"),
        Option("again", "", "trust a key that was revoked"),
    ),
    "edge key trust office.pub --plugins weather,pump-*",
)


def run(given: Given) -> int:
    """Does what the first argument says."""
    action, *words = given.arguments
    if action not in ACTIONS:
        raise errors.UsageError(f"key: there is no action `{action}`", meant(action, ACTIONS))
    usage = Command(f"key {action}", ACTIONS[action], "", (), "")
    usage.check_count(words)
    for option in given.options:
        if option not in (*EVERYWHERE, *OPTIONS.get(action, ())):
            raise errors.UsageError(f"key {action} takes no --{option}", f"Usage: {usage.usage()}")
    if action == "list":
        _list(given)
        return 0
    {"new": _new, "show": _show, "trust": _trust, "revoke": _revoke, "floor": _floor}[action](given, words[0])
    return 0


def _new(given: Given, name: str) -> None:
    passphrase = b""
    if given.get("passphrase") or given.get("passphrase-file"):
        from edge.cli.passphrase import new_passphrase

        passphrase = new_passphrase(given)
    made = keyring.make(name, passphrase)
    if given.get("json"):
        output.document({"name": made.name, "public": made.public.hex(), "locked": made.locked})
    else:
        output.answer(trust.line(made.public, made.name).rstrip("\n"))


def _show(given: Given, what: str) -> None:
    public, label = _key(what, "key")
    known = [entry for entry, _ in edit.trusted() if entry.public == public]
    revoked = any(digits == public.hex() for _, digits, _, _ in edit.revocations())
    if not (label or known or revoked):
        raise errors.UsageError(
            f"Nothing is known here of key {public.hex()}", "`edge key list` shows the keys there are"
        )
    label = label or (known[0].label if known else "")
    if given.get("json"):
        output.document(
            {
                "public": public.hex(),
                "label": label,
                "trusted": bool(known),
                "plugins": list(known[0].plugins) if known else [],
                "revoked": revoked,
            }
        )
        return
    output.answer(trust.line(public, label).rstrip("\n"))
    if revoked:
        output.say("edge: this key is revoked here")


def _trust(given: Given, what: str) -> None:
    plugins = _plugins(given.get("plugins"))
    wanted = [
        (
            entry,
            _label(given.get("label") or entry.label),
            entry.plugins or None if plugins is None else plugins,
        )
        for entry in _keys(what)
    ]
    facts = []
    before = status.loading()
    for entry, label, scope in wanted:
        facts.append(edit.add(entry.public, label, scope, again=given.get("again", False)))
        _remark(facts[-1])
    stops = stopping.tell(before)
    if given.get("json"):
        output.document({"trusted": [_without_event(fact) for fact in facts], "stops": stops})
        return
    for fact in facts:
        what_for = ", ".join(fact["plugins"]) or "every plugin"
        output.show(f"{fact['key']} is trusted for {what_for}")


def _remark(fact: dict[str, Any]) -> None:
    """What somebody who trusts a key may not expect."""
    if fact["again"]:
        output.say(f"edge: key {fact['key'][:SHOWN_DIGITS]} had been revoked here, and is not any more")
    for entry, path in edit.trusted():
        wider = fact["plugins"] and not entry.plugins
        if wider and entry.public.hex() == fact["key"] and path != trust.operator_path():
            whose = f"{path} trusts it" if path else "it is this machine's own key, which is trusted"
            output.say(f"edge: {whose} for every plugin; revoked, it is trusted for none")


def _revoke(given: Given, what: str) -> None:
    reason = _label(given.get("reason", ""))
    if what.lower().startswith(DIGEST):
        kind, digits = edit.SHA256, hex_of(what).lower()
        if not is_digest(digits):
            raise errors.UsageError(
                f"{what}: a digest has 64 hexadecimal digits",
                "`edge show NAME --json` has a release's (id), `edge inspect FILE` those of a file",
            )
    elif not trust_lines.pasted(what) and (
        "/" in what or what.endswith((".edge", ".cwasm")) or (is_file(what) and not _is_known(what))
    ):
        kind, digits = edit.SHA256, _release_of(what)
    else:
        kind, digits = trust.ALGORITHM, _key(what)[0].hex()
        if is_folder(store.release_path(digits)):
            raise errors.UsageError(f"{digits} is a release, not a key", f"`edge key revoke sha256:{digits}`")
        if bytes.fromhex(digits) == key_file.local_public():
            output.say("edge: this is this machine's own key: what it compiles will not run here any more")
        for entry, path in edit.trusted():
            if entry.public.hex() == digits and path not in ("", trust.operator_path()):
                output.say(f"edge: {path} brought this key: {word(entry.label)}")
    before = status.loading()
    fact = {**edit.revoke(kind, digits, reason), "stops": stopping.tell(before)}
    if given.get("json"):
        output.document(_without_event(fact))
    else:
        output.answer(f"{kind} {digits} is revoked")


def _release_of(path: str) -> str:
    """The digest by which a file is known to who loads it, which is not that of the whole file."""
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


def _floor(given: Given, version: str) -> None:
    own = native.about()["wasmtime"]
    wanted, newest = _version(version), _version(own)
    if wanted > newest:
        raise errors.UsageError(
            f"This library is wasmtime {own}: nothing here could compile for a floor of {version}",
            "Update Edge first",
        )
    before = status.loading()
    fact = edit.set_floor(version)
    fact["stops"] = stopping.tell(before)
    if fact["before"] and wanted < _version(fact["before"]):
        output.say(f"edge: the floor was {fact['before']}: code of older compilers is loaded again")
    holds = edit.floor()
    if _version(holds) > wanted:
        output.say(f"edge: what a bundle brought says {holds}, and the higher floor holds")
    if given.get("json"):
        output.document(_without_event(fact))
    else:
        output.answer(f"code of compilers older than wasmtime {holds} is not loaded")


def _list(given: Given) -> None:
    held = Held()
    trust_held.check_all(held)
    own, problems = keyring.every()
    trusted = edit.trusted(held)
    revoked = edit.revocations(held)
    floor = edit.floor(held)
    level = policy_file.load().level
    counting = _counting(trusted, level)
    for problem in problems:
        output.say(f"edge: {problem}")
    if given.get("json"):
        output.document(
            {
                "own": [{"name": key.name, "public": key.public.hex(), "locked": key.locked} for key in own],
                "trusted": [_facts(*told, counts=_counts(told[0], counting)) for told in trusted],
                "revoked": [
                    {"kind": kind, "digits": digits, "reason": reason, "file": path}
                    for kind, digits, reason, path in revoked
                ],
                "floor": floor or None,
                "level": level,
                "problems": problems,
            }
        )
        return
    for key in own:
        output.answer(
            f"own      {key.public.hex()}  {key.name}{', behind a passphrase' if key.locked else ''}"
        )
    for entry, path in trusted:
        scope = f", for {', '.join(entry.plugins)}" if entry.plugins else ""
        source = f"  ({path})" if path else ""
        remark = "" if _counts(entry, counting) else f"; does not count at level {level}, which holds here"
        output.show(f"trusted  {entry.public.hex()}  {word(entry.label)}{scope}{source}{remark}")
    for kind, digits, reason, path in revoked:
        output.show(f"revoked  {digits}  {kind}{', ' if reason else ''}{reason and word(reason)}  ({path})")
    if floor:
        output.answer(f"floor    wasmtime {floor}")


def _counting(trusted: list[tuple[Trusted, str]], level: str) -> Counting:
    """The keys that count at a level, and what for by all their lines together."""
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
    """Whether a key counts for all that a line trusts it with, be it by other lines."""
    plugins = counting.get(entry.public, set())
    return plugins is None or (bool(entry.plugins) and plugins.issuperset(entry.plugins))


def _facts(entry: Trusted, path: str, *, counts: bool) -> dict[str, Any]:
    return {
        "public": entry.public.hex(),
        "label": entry.label,
        "plugins": list(entry.plugins),
        "file": path or None,
        "counts": counts,
    }


def _without_event(fact: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fact.items() if name != "event"}


def _key(what: str, kinds: str = "key and no file") -> tuple[bytes, str]:
    """A key by its digits, an own one's name, a trusted one's label or a known one's first digits; its label.

    `kinds`: what the word might have been.
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
            f"There is no {kinds} `{safe(what, 200)}` here", "`edge key list` shows the keys there are"
        )
    if len(found) > 1:
        raise errors.UsageError(
            f"{len(found)} keys here are called `{safe(what, 200)}`", "Give all 64 digits of one"
        )
    return found.popitem()


def _named(what: str) -> dict[bytes, str]:
    """The keys here that a label, or the first digits that messages show, stands for; and their labels."""
    labels = {key.public: key.name for key in keyring.every()[0]} if _is_shortened(what) else {}
    labels |= {entry.public: entry.label for entry, _ in edit.trusted()}
    return {
        public: label
        for public, label in labels.items()
        if label == what or (_is_shortened(what) and public.hex().startswith(what.lower()))
    }


def _keys(what: str) -> list[Trusted]:
    """The same, or all of a file's lines with what they say that a key may sign."""
    if own := trust_lines.pasted(what):
        return own
    if _is_key(what) or keyring.is_there(what) or not is_file(what) or is_folder(what):
        public, label = _key(what)
        return [trust.Trusted(public, label)]
    try:
        content = check(files.read_input(what), what)
        lines = making.read_trust(content.removeprefix(files.BYTE_ORDER_MARK), what)
    except errors.OptionsError as error:
        # Not a fault of this machine's own trust, which is what trust_lines.parse is for.
        raise errors.UsageError(error.message, KEY_FILE) from None
    found = trust_lines.keys_of(lines)
    if not found or edit.says_more(lines):
        raise errors.UsageError(f"{what} is no file of keys to trust", KEY_FILE)
    return found


def _is_known(what: str) -> bool:
    """Whether a key goes by this, as `_key` takes it."""
    return _is_key(what) or keyring.is_there(what) or bool(_named(what))


def _is_key(what: str) -> bool:
    return is_digest(what)


def _is_shortened(what: str) -> bool:
    return SHOWN_DIGITS <= len(what) < edit.KEY_DIGITS and not what.lower().strip(DIGITS)


def _plugins(text: str | None) -> list[str] | None:
    from edge.text import INNER

    if text is None:
        return None
    if text == ALL:
        return []
    found = text.split(",")
    for name in found:
        if not name or name.removesuffix(ALL).strip(INNER):
            raise errors.UsageError(
                f"`{name}` names no plugins",
                "A plugin's name, or its beginning and a *, as in weather,pump-*",
            )
    return found


def _label(text: str) -> str:
    """One line without a #, which begins a comment."""
    text = " ".join(text.split())
    if "#" in text or not text.isprintable():
        raise errors.UsageError(f"`{phrase(text, 200)}` can't be a label", "One line of text, without #")
    return text


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() for part in parts):
        raise errors.UsageError(f"`{text}` is no release of wasmtime", "Three numbers, as in 48.0.8")
    return tuple(map(int, parts))
