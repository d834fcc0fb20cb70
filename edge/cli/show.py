"""`edge show`: all about an installed plugin."""

from __future__ import annotations

from edge.cli import output
from edge.cli.options import Command
from edge.permissions import requests
from edge.store import config, secrets, status
from edge.store.installed import Installed
from edge.store.view import View
from edge.text import plain, quoted, word
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.cli.options import Given
    from edge.store.record import Record

COMMAND = Command(
    "show",
    "NAME",
    "Shows everything about an installed plugin: its release and the kept one, its state (`edge list\n"
    "--help`) and why, its security level, its source, who signed it, its tools, what it asks for, and\n"
    "which settings are set. Secrets are never shown.",
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
"""What is shown, and how."""


def run(given: Given) -> int:
    """Shows a plugin."""
    view = View()
    facts = _facts(Installed(given.arguments[0], view), view)
    if given.get("json"):
        output.document(facts)
        return 0
    for field in FIELDS:
        if facts[field]:
            _row(field, FIELDS[field](str(facts[field])))
        if field == "state" and facts["problem"]:
            _row("", facts["problem"])
    if facts["adopted"]:
        _row("adopted", "who packed and signed it is not its author")
    if facts["previous"]:
        _row("kept", f"{word(facts['previous']['version'])}, release {facts['previous']['release']}")
    for tool in facts["tools"]:
        said = f": {quoted(tool['description'])}" if tool["description"] else ""
        _row("tool", f"{word(tool['name'])} ({tool['risk']} risk){said}")
    for ask in facts["asks"]:
        _row("asks for", requests.spelled(tuple(ask)))
    if facts["config"]:
        _row("config", ", ".join(map(word, facts["config"])))
    for name, is_set in facts["secrets"].items():
        _row("secret", f"{word(name)}: {'set' if is_set else 'not set'}")
    return 0


def _facts(plugin: Installed, view: View) -> dict[str, Any]:
    description, manifest, record = plugin.description, plugin.manifest, plugin.record
    signer = held.labels(view.trust).get(bytes.fromhex(description["signer"]))
    state, problem = status.state(record, view)
    set_secrets = secrets.names(plugin.name)
    return {
        "name": plugin.name,
        "version": description["version"],
        "release": description["release"],
        "state": state,
        "enabled": record.enabled,
        "problem": problem or None,
        "level": plugin.release.level,
        "origin": record.origin,
        "remote": record.remote,
        "signer": f"{description['signer']} ({word(signer) if signer else 'not trusted here'})",
        "adopted": bool(description.get("adopted")),
        "description": manifest.fields.get("description", ""),
        "author": manifest.fields.get("author", ""),
        "id": record.current,
        "previous": _previous(record, view),
        "floor": record.floor,
        "tools": [
            {**tool, "risk": manifest.tool(tool["name"]).risk} for tool in description.get("tools") or ()
        ],
        "asks": [list(ask) for ask in manifest.requests],
        "config": list(config.values(plugin.name)),
        "secrets": {name: name in set_secrets for name in manifest.secrets},
    }


def _previous(record: Record, view: View) -> dict[str, Any] | None:
    if not record.previous:
        return None
    description = view.release(record.previous, record.name).description
    return {"id": record.previous, "version": description["version"], "release": description["release"]}


def _row(name: str, text: object) -> None:
    output.show(f"{name:<12} {text}".rstrip())
