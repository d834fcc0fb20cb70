"""`edge list`: what is installed."""

from __future__ import annotations

from edge import errors
from edge.cli import output
from edge.cli.options import Command
from edge.store import record, standing
from edge.store.installed import Installed
from edge.text import safe, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given

COMMAND = Command(
    "list",
    "",
    "Lists installed plugins: name, version, release, state and tools. A plugin is\n\n"
    "  enabled   calls load it\n"
    "  disabled  an operator has to enable it first\n"
    "  revoked   its signer or its contents were revoked on this machine\n"
    "  refused   no accepted key signed it, or it lacks a grant\n"
    "  damaged   a file of it is missing or was changed\n\n"
    "Exits with 1 when a plugin is damaged. Only `edge doctor` verifies every byte of the code.",
    (),
    "edge list --json",
)

COLUMNS = ("name", "version", "release", "state", "tools")


def run(given: Given) -> int:
    """Exits with 1 when something is damaged."""
    rows = [row for name in record.named() if (row := _row(name)) is not None]
    if given.get("json"):
        output.document({"plugins": rows})
    elif rows:
        _show(rows)
    else:
        output.say("Nothing is installed; `edge install --help` says how that is done")
    return 1 if any(row["state"] == standing.DAMAGED for row in rows) else 0


def _row(name: str) -> dict[str, Any] | None:
    try:
        found = record.find(name)
        if found is None or not found.current:
            return None
        plugin = Installed(name)
        description = plugin.description
    except (errors.StoreDamaged, errors.Refused) as error:
        return {
            "name": name,
            "version": "",
            "release": 0,
            "state": standing.DAMAGED,
            "enabled": False,
            "tools": [],
            "problem": error.message,
        }
    state, why = standing.state(found)
    return {
        "name": name,
        "version": description["version"],
        "release": description["release"],
        "state": state,
        "enabled": found.enabled,
        "tools": [tool["name"] for tool in description.get("tools") or ()],
        "problem": why or None,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    table = [COLUMNS]
    table += [
        (
            row["name"],
            row["version"] and word(row["version"]),
            str(row["release"]),
            row["state"],
            safe(", ".join(map(word, row["tools"]))),
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*table)]
    for cells in table:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths))
        output.show("  ".join(padded).rstrip())
    for row in rows:
        if row["problem"]:
            output.say(f"{row['name']}: {row['problem']}")
