"""`edge key`: keys to sign with, and whom this machine trusts to sign what."""

from __future__ import annotations

from edge import _native as native
from edge import errors, files, keyring, keys, trust, trust_file
from edge.cli import output
from edge.cli.options import Command, Option
from edge.interfaces.logging import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.trust import Trusted

DIGITS = "0123456789abcdef"
DIGEST = "sha256:"

ACTIONS = {
    "new": "NAME",
    "list": "",
    "show": "NAME|KEY",
    "trust": "NAME|KEY|FILE",
    "revoke": "NAME|KEY|sha256:DIGEST",
    "floor": "VERSION",
}

COMMAND = Command(
    "key",
    "ACTION [WHAT]",
    "Keys to sign packages with, and whom this machine trusts to sign which plugins. Every change of trust\n"
    "is put into the audit log.\n\n"
    "  new NAME                      makes a key, behind a passphrase with --passphrase\n"
    "  list                          own keys, trusted keys, what was revoked\n"
    "  show NAME|KEY                 a key as `edge key trust` takes it on another machine\n"
    "  trust NAME|KEY|FILE           trusts a key: an own one, 64 digits, or the lines of a file\n"
    "  revoke NAME|KEY|sha256:DIGEST trusts a key no more, or never loads what has a digest\n"
    "  floor VERSION                 loads code of no compiler before this release of wasmtime",
    (
        Option("passphrase", "", "ask for a passphrase for a new key"),
        Option("passphrase-file", "FILE", "a passphrase for a new key, from a file"),
        Option("label", "TEXT", "what a trusted key is called here"),
        Option("plugins", "NAMES", "what a trusted key may sign: names, or beginnings with *, and commas"),
        Option("reason", "TEXT", "why something is revoked"),
        Option("again", "", "trust a key that was revoked"),
    ),
    "edge key trust office.pub --plugins weather,pump-*",
)


def run(given: Given) -> int:
    """Does what the first argument says."""
    action, *words = given.arguments
    if action not in ACTIONS:
        raise errors.UsageError(f"key: there is no action `{action}`", f"Actions are {', '.join(ACTIONS)}")
    Command(f"key {action}", ACTIONS[action], "", (), "").check_count(words)
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
    public, label = _key(what)
    known = next((entry for entry in trust.entries() if entry.public == public), None)
    if given.get("json"):
        output.document(
            {
                "public": public.hex(),
                "label": label or (known.label if known else ""),
                "trusted": known is not None,
                "plugins": list(known.plugins) if known else [],
            }
        )
    else:
        output.answer(trust.line(public, label or (known.label if known else "")).rstrip("\n"))


def _trust(given: Given, what: str) -> None:
    plugins = _plugins(given.get("plugins", ""))
    facts = []
    for public, label in _keys(what):
        called = given.get("label") or label
        facts.append(trust_file.add(public, _label(called), plugins, again=given.get("again", False)))
    if given.get("json"):
        output.document({"trusted": [_without_event(fact) for fact in facts]})
        return
    for fact in facts:
        scope = f" for {', '.join(fact['plugins'])}" if fact["plugins"] else " for every plugin"
        output.answer(printable(f"{fact['key']} is trusted{scope}"))


def _revoke(given: Given, what: str) -> None:
    reason = _label(given.get("reason", ""))
    if what.startswith(DIGEST):
        kind, digits = trust_file.SHA256, what[len(DIGEST) :].lower()
        if len(digits) != trust_file.KEY_DIGITS or digits.strip(DIGITS):
            raise errors.UsageError(f"{what}: a digest has 64 hexadecimal digits", "sha256sum FILE tells one")
    else:
        kind, digits = trust.ALGORITHM, _key(what)[0].hex()
        if bytes.fromhex(digits) == keys.local_public():
            output.say("edge: this is this machine's own key: what it compiles will not run here any more")
    fact = trust_file.revoke(kind, digits, reason)
    if given.get("json"):
        output.document(_without_event(fact))
    else:
        output.answer(f"{kind} {digits} is revoked")


def _floor(given: Given, version: str) -> None:
    own = native.about()["wasmtime"]
    wanted, newest = _version(version), _version(own)
    if wanted > newest:
        raise errors.UsageError(
            f"This library is wasmtime {own}: nothing here could compile for a floor of {version}",
            "Update Edge first",
        )
    fact = trust_file.set_floor(version)
    if given.get("json"):
        output.document(_without_event(fact))
    else:
        output.answer(f"code of no compiler before wasmtime {version} is loaded")


def _list(given: Given) -> None:
    own = keyring.every()
    trusted = trust.entries()
    revoked = trust_file.revocations()
    floor = trust_file.floor()
    if given.get("json"):
        output.document(
            {
                "own": [{"name": key.name, "public": key.public.hex(), "locked": key.locked} for key in own],
                "trusted": [_facts(entry) for entry in trusted],
                "revoked": [
                    {"kind": kind, "digits": digits, "reason": reason} for kind, digits, reason in revoked
                ],
                "floor": floor or None,
            }
        )
        return
    for key in own:
        output.answer(
            f"own      {key.public.hex()}  {key.name}{', behind a passphrase' if key.locked else ''}"
        )
    for entry in trusted:
        scope = f", for {', '.join(entry.plugins)}" if entry.plugins else ""
        output.answer(printable(f"trusted  {entry.public.hex()}  {entry.label}{scope}"))
    for kind, digits, reason in revoked:
        output.answer(printable(f"revoked  {digits}  {kind}{', ' if reason else ''}{reason}"))
    if floor:
        output.answer(f"floor    wasmtime {floor}")


def _facts(entry: Trusted) -> dict[str, Any]:
    return {"public": entry.public.hex(), "label": entry.label, "plugins": list(entry.plugins)}


def _without_event(fact: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fact.items() if name != "event"}


def _key(what: str) -> tuple[bytes, str]:
    """A key, by its digits or by the name of an own one, and what it is called."""
    if len(what) == trust_file.KEY_DIGITS and not what.lower().strip(DIGITS):
        return bytes.fromhex(what), ""
    return keyring.find(what).public, what


def _keys(what: str) -> list[tuple[bytes, str]]:
    """The same, or all of a file's lines."""
    if "/" not in what and not what.endswith((".pub", ".keys")):
        return [_key(what)]
    content = files.read_input(what)
    trust.check(content, what)
    found = [(entry.public, entry.label) for entry in trust.parse(content)]
    if not found:
        raise errors.UsageError(
            f"{what} holds no key", "`edge key show NAME` prints one: a line ed25519 KEY NAME"
        )
    return found


def _plugins(text: str) -> list[str]:
    from edge.names import INNER

    found = [name for name in text.split(",") if name]
    for name in found:
        if name.removesuffix("*").strip(INNER):
            raise errors.UsageError(
                f"`{name}` names no plugins",
                "A plugin's name, or its beginning and a *, as in weather,pump-*",
            )
    return found


def _label(text: str) -> str:
    """One line without a #, which begins a comment, and not what would pass for more than a label."""
    text = " ".join(text.split())
    if "#" in text or not text.isprintable() or text.startswith(trust.SCOPE):
        raise errors.UsageError(f"`{printable(text)}` can't be a label", "One line of text, without #")
    return text


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise errors.UsageError(f"`{text}` is no release of wasmtime", "Three numbers, as in 48.0.8")
    return tuple(map(int, parts))
