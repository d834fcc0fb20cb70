"""`edge secret`: values that an installed plugin may read and nobody may see."""

from __future__ import annotations

from edge import errors, files, sealed, store
from edge.cli import output
from edge.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Given

STDIN = 0

COMMAND = Command(
    "secret",
    "NAME [PROPERTY]",
    "Tells which secrets of a plugin are set, or sets one: typed at the terminal, or from standard input or\n"
    "a file. A value is never shown again, by this command or any other.",
    (
        Option("from", "FILE", "the value, without the end of its line"),
        Option("unset", "", "remove the value"),
    ),
    "edge secret weather token < token.txt",
)


def run(given: Given) -> int:
    """Sets or removes a secret, or lists them."""
    name, *named = given.arguments
    manifest = store.manifest_of(name)
    if not named:
        _show(given, name, manifest.secrets)
        return 0
    (secret,) = named
    if secret not in manifest.secrets:
        known = f"Its secrets are {', '.join(manifest.secrets)}" if manifest.secrets else "It has no secrets"
        raise errors.ConfigError(f"{name} has no secret `{secret}`", known)
    if given.get("unset"):
        sealed.unset_secret(name, secret)
    else:
        sealed.set_secret(name, secret, _value(given, name, secret))
    _show(given, name, manifest.secrets)
    return 0


def _value(given: Given, name: str, secret: str) -> str:
    path = given.get("from", "-")
    raw = _typed(f"{secret} of {name}: ") if path == "-" else files.read_input(path)
    try:
        return raw.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        # Without its cause, which holds the value.
        raise errors.ConfigError(f"{secret} of {name} is not UTF-8", "Plugins take text; encode it") from None


def _typed(prompt: str) -> bytes:
    import posix

    if not posix.isatty(STDIN):
        return files.read_all(STDIN)
    from getpass import getpass

    return getpass(prompt).encode("utf-8", "surrogateescape")


def _show(given: Given, name: str, secrets: tuple[str, ...]) -> None:
    there = sealed.names(name)
    if given.get("json"):
        output.document({"plugin": name, "secrets": {secret: secret in there for secret in secrets}})
        return
    for secret in secrets:
        output.answer(f"{secret}: {'set' if secret in there else 'not set'}")
    if not secrets:
        output.say(f"{name} has no secrets")
