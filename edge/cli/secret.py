"""`edge secret`: lists or sets secrets of an installed plugin. Values are never shown."""

from __future__ import annotations

import posix

from edge.cli import output
from edge.cli.options import Command, Option
from edge.cli.passphrase import STANDARD_INPUT, STDIN, hidden, read, secret_text
from edge.operations import settings
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments

COMMAND = Command(
    "secret",
    "NAME [PROPERTY]",
    "Lists which secrets of a plugin are set, or sets one: typed at the terminal, from stdin or a file. No\n"
    "command ever shows a value.",
    (
        Option("from", "FILE", "file with the value; the line end is dropped; - for stdin"),
        Option("unset", "", "remove the value"),
    ),
    "edge secret weather token < token.txt",
)


def run(arguments: Arguments) -> int:
    """Sets or removes a secret, or lists them."""
    name, *named = arguments.positional
    if not named:
        _show(arguments, name)
        return 0
    (secret,) = named
    if arguments.get("unset"):
        damage = settings.unset_secret(name, secret)
    else:
        # Before the prompt for the value.
        settings.check_secret(name, secret)
        damage = settings.set_secret(name, secret, _value(arguments, name, secret))
    if damage is not None:
        output.say(f"edge: {damage.message}. Other secrets of the plugin may have to be set again")
    _show(arguments, name)
    return 0


def _value(arguments: Arguments, name: str, secret: str) -> str:
    path = arguments.get("from", "")
    if not path and posix.isatty(STDIN):
        raw = hidden(f"{word(secret)} of {name}: ")
    else:
        raw = read(path or STANDARD_INPUT)
    return secret_text(raw, f"{secret} of {name}")


def _show(arguments: Arguments, name: str) -> None:
    secrets = settings.secrets(name)
    if arguments.get("json"):
        output.document({"plugin": name, "secrets": secrets})
        return
    for secret, is_set in secrets.items():
        output.show(f"{word(secret)}: {'set' if is_set else 'not set'}")
    if not secrets:
        output.say(f"{name} has no secrets")
