"""`edge key`: own signing keys, and keys that this machine trusts."""

from __future__ import annotations

from edge import errors, trust
from edge.cli import output
from edge.cli.options import Command, Option
from edge.cli.stopping import tell
from edge.operations import keys
from edge.suggest import meant
from edge.text import word
from edge.trust import keyring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments

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
    "  show NAME|KEY                 prints a key for `edge key trust` on another machine\n"
    "  trust NAME|KEY|FILE           trusts a key: an own one, 64 digits, a line that show printed, or\n"
    "                                all lines of a file. A key that is already trusted keeps label\n"
    "                                and plugins unless given\n"
    "  revoke NAME|KEY               revokes a key, and lists the plugins that calls no longer load\n"
    "  revoke FILE|sha256:DIGEST     revokes a package or an artifact, or a digest: of a release (edge\n"
    "                                show), of its code or of the WebAssembly it was compiled from\n"
    "  floor VERSION                 refuses code of compilers older than this release of wasmtime",
    (
        Option("passphrase", "", "ask for the passphrase of a new key"),
        Option("passphrase-file", "FILE", "read the passphrase from a file or a pipe; - for stdin"),
        Option("label", "TEXT", "label of a trusted key on this machine"),
        Option(
            "plugins", "NAMES", "plugins that a key may sign: names and prefixes*, with commas; * for all"
        ),
        Option("reason", "TEXT", "reason of a revocation"),
        Option("again", "", "trust a key that was revoked"),
    ),
    "edge key trust office.pub --plugins weather,pump-*",
)


def run(arguments: Arguments) -> int:
    """Runs the action that the first argument names."""
    action, *words = arguments.positional
    if action not in ACTIONS:
        raise errors.UsageError(f"key: no such action: `{action}`", meant(action, ACTIONS))
    usage = Command(f"key {action}", ACTIONS[action], "", (), "")
    usage.check_count(words)
    for option in arguments.options:
        if option not in (*EVERYWHERE, *OPTIONS.get(action, ())):
            raise errors.UsageError(f"key {action} takes no --{option}", f"Usage: {usage.usage()}")
    if action == "list":
        _list(arguments)
        return 0
    {"new": _new, "show": _show, "trust": _trust, "revoke": _revoke, "floor": _floor}[action](
        arguments, words[0]
    )
    return 0


def _new(arguments: Arguments, name: str) -> None:
    passphrase = b""
    if arguments.get("passphrase") or arguments.get("passphrase-file"):
        from edge.cli.passphrase import new_passphrase

        passphrase = new_passphrase(arguments)
    made = keyring.make(name, passphrase)
    if arguments.get("json"):
        output.document({"name": made.name, "public": made.public.hex(), "locked": made.locked})
    else:
        output.answer(trust.line(made.public, made.name).rstrip("\n"))


def _show(arguments: Arguments, what: str) -> None:
    facts = keys.describe(what)
    if arguments.get("json"):
        output.document(facts)
        return
    output.answer(trust.line(bytes.fromhex(facts["public"]), facts["label"]).rstrip("\n"))
    if facts["revoked"]:
        output.say("edge: this key is revoked here")


def _trust(arguments: Arguments, what: str) -> None:
    names = arguments.get("plugins")
    plugins = None if names is None else [] if names == keys.ALL else names.split(",")
    done = keys.add(
        what, label=arguments.get("label", ""), plugins=plugins, again=arguments.get("again", False)
    )
    tell(done)
    if arguments.get("json"):
        output.document(done.facts())
        return
    for entry in done.event["trusted"]:
        scope = ", ".join(entry["plugins"]) or "every plugin"
        output.show(f"{entry['key']} is trusted for {scope}")


def _revoke(arguments: Arguments, what: str) -> None:
    done = keys.revoke(what, arguments.get("reason", ""))
    tell(done)
    if arguments.get("json"):
        output.document(done.facts())
    else:
        output.answer(f"{done.event['kind']} {done.event['digits']} is revoked")


def _floor(arguments: Arguments, version: str) -> None:
    done = keys.set_floor(version)
    tell(done)
    if arguments.get("json"):
        output.document(done.facts())
    else:
        output.answer(f"code of compilers older than wasmtime {keys.floor()} is not loaded")


def _list(arguments: Arguments) -> None:
    facts = keys.listed()
    for problem in facts["problems"]:
        output.say(f"edge: {problem}")
    if arguments.get("json"):
        output.document(facts)
        return
    for key in facts["own"]:
        output.answer(f"own      {key['public']}  {key['name']}{', encrypted' if key['locked'] else ''}")
    for key in facts["trusted"]:
        scope = f", for {', '.join(key['plugins'])}" if key["plugins"] else ""
        source = f"  ({key['file']})" if key["file"] else ""
        remark = "" if key["counts"] else f"; not accepted at level {facts['level']} of this device"
        output.show(f"trusted  {key['public']}  {word(key['label'])}{scope}{source}{remark}")
    for entry in facts["revoked"]:
        reason = f", {word(entry['reason'])}" if entry["reason"] else ""
        output.show(f"revoked  {entry['digits']}  {entry['kind']}{reason}  ({entry['file']})")
    if facts["floor"]:
        output.answer(f"floor    wasmtime {facts['floor']}")
