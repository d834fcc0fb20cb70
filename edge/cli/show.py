"""`edge show`: shows the details of an installed plugin."""

from __future__ import annotations

from edge.cli import output
from edge.cli.options import Command
from edge.operations import overview
from edge.permissions import requests
from edge.text import plain, quoted, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.cli.options import Arguments

COMMAND = Command(
    "show",
    "NAME",
    "Shows the details of an installed plugin: its release and the kept one, its state (`edge list --help`)\n"
    "and the reason, its security level, source, signer and tools, its permission requests, and which\n"
    "settings are set. Secrets are never shown.",
    (),
    "edge show cron-next",
)

FIELDS: dict[str, Callable[[str], str]] = {
    "name": word,
    "version": word,
    "release": word,
    "id": word,
    "state": word,
    "level": word,
    "origin": plain,
    "signer": str,
    "description": quoted,
    "author": quoted,
}
"""Shown fields, each with the function that makes its text safe."""


def run(arguments: Arguments) -> int:
    """Shows a plugin."""
    facts = overview.one(arguments.positional[0])
    if arguments.get("json"):
        output.document(facts)
        return 0
    for field in FIELDS:
        if facts[field]:
            _row(field, FIELDS[field](str(facts[field])))
        if field == "state" and facts["problem"]:
            _row("", facts["problem"])
    if facts["adopted"]:
        _row("adopted", "its author did not pack and sign it")
    if facts["previous"]:
        _row("kept", f"{word(facts['previous']['version'])}, release {facts['previous']['release']}")
    for tool in facts["tools"]:
        description = f": {quoted(tool['description'])}" if tool["description"] else ""
        _row("tool", f"{word(tool['name'])} ({tool['risk']} risk){description}")
    for request in facts["asks"]:
        _row("requests", requests.spelled(tuple(request)))
    if facts["config"]:
        _row("config", ", ".join(map(word, facts["config"])))
    for name, is_set in facts["secrets"].items():
        _row("secret", f"{word(name)}: {'set' if is_set else 'not set'}")
    return 0


def _row(name: str, text: object) -> None:
    output.show(f"{name:<12} {text}".rstrip())
