"""`edge secret`: values that an installed plugin may read and nobody may see."""

from __future__ import annotations

import posix

from edge import errors, schema
from edge.cli import output
from edge.cli.options import Command, Option
from edge.cli.passphrase import STANDARD_INPUT, STDIN, hidden, read, secret_text
from edge.schema.values import WHOLE
from edge.store import awaited, config
from edge.store import secrets as sealed
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Given

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


def run(given: Given) -> int:
    """Sets or removes a secret, or lists them."""
    name, *named = given.arguments
    manifest = awaited.settable(name)
    if not named:
        _show(given, name, manifest.secrets)
        return 0
    (secret,) = named
    if secret not in manifest.secrets:
        known = f"Its secrets are {', '.join(manifest.secrets)}" if manifest.secrets else config.takes(name)
        raise errors.ConfigError(f"{name} has no secret `{secret}`", known)
    damage = sealed.damage_of(name)
    if given.get("unset"):
        sealed.unset_secret(name, secret)
    else:
        value = _value(given, name, secret)
        found = schema.problems(config.schema_of(manifest)["properties"][secret], value)
        if found:
            reasons = (problem.removeprefix(f"{WHOLE}: ") for problem in found)
            raise errors.ConfigError(f"{name}: {secret} {'; '.join(reasons)}", config.takes(name))
        sealed.set_secret(name, secret, value)
    if damage is not None:
        output.say(f"edge: {damage.message}. Others of its secrets may have to be set again")
    _show(given, name, manifest.secrets)
    return 0


def _value(given: Given, name: str, secret: str) -> str:
    path = given.get("from", "")
    if not path and posix.isatty(STDIN):
        raw = hidden(f"{word(secret)} of {name}: ")
    else:
        raw = read(path or STANDARD_INPUT)
    return secret_text(raw, f"{secret} of {name}")


def _show(given: Given, name: str, secrets: tuple[str, ...]) -> None:
    there = sealed.names(name)
    if given.get("json"):
        output.document({"plugin": name, "secrets": {secret: secret in there for secret in secrets}})
        return
    for secret in secrets:
        output.show(f"{word(secret)}: {'set' if secret in there else 'not set'}")
    if not secrets:
        output.say(f"{name} has no secrets")
