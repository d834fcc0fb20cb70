"""`edge list`: lists installed plugins."""

from __future__ import annotations

from edge.cli import output
from edge.cli.failure import report
from edge.cli.options import Command
from edge.operations import overview
from edge.operations.failure import facts
from edge.store import status
from edge.text import safe, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments

COMMAND = Command(
    "list",
    "",
    "Lists installed plugins: name, version, release, state and tools. A plugin is\n\n"
    "  enabled   calls load it\n"
    "  disabled  an operator has to enable it first\n"
    "  revoked   its signer or its contents were revoked on this machine\n"
    "  refused   no accepted key signed it, or it lacks a grant\n"
    "  damaged   a file is missing or was changed\n"
    "  unknown   trust or the policy can't be read\n\n"
    "Exits with 1 if a plugin is damaged, with 5 if one is unknown. Only `edge doctor` verifies every byte\n"
    "of the code.",
    (),
    "edge list --json",
)

COLUMNS = ("name", "version", "release", "state", "tools")


def run(arguments: Arguments) -> int:
    """Exits with 1 if a plugin is damaged, and with 5 if trust or the policy can't be read."""
    rows, fault = overview.every()
    if arguments.get("json"):
        output.document({"plugins": rows, **({"error": facts(fault)} if fault is not None else {})})
    elif rows:
        _show(rows)
    elif fault is None:
        output.say("No plugin is installed; `edge install --help` shows how to install one")
    if fault is not None:
        if not arguments.get("json"):
            report(fault, as_json=False)
        return fault.exit_code
    return 1 if any(row["state"] == status.DAMAGED for row in rows) else 0


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
        # A fault of this machine is reported once, below.
        if row["problem"] and row["state"] != status.UNKNOWN:
            output.say(f"{row['name']}: {row['problem']}")
