"""`edge doctor`: checks this machine and the installed plugins."""

from __future__ import annotations

from edge.cli import output
from edge.cli.options import Command
from edge.doctor import examine
from edge.doctor.finding import FAIL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments

NAME_LETTERS = 16

COMMAND = Command(
    "doctor",
    "",
    "Checks this machine, installed plugins, keys, trust and the audit log, and shows a remedy for each\n"
    "problem. Changes nothing. Exits with 1 if a check fails. Warnings need attention.",
    (),
    "edge doctor --json",
)


def run(arguments: Arguments) -> int:
    """Exits with 1 if a check fails."""
    checks = []
    for name, finding in examine():
        checks.append(
            {"name": name, "status": finding.status, "found": finding.found, "remedy": finding.remedy}
        )
        if not arguments.get("json"):
            shown = f"{finding.status:<5} {name.replace('_', ' '):<{NAME_LETTERS}} {finding.found}"
            output.show(shown)
            if finding.remedy:
                output.show(f"{'':<{NAME_LETTERS + 7}} {finding.remedy}")
    failed = [check["name"] for check in checks if check["status"] == FAIL]
    if arguments.get("json"):
        output.document({"ok": not failed, "checks": checks})
    return 1 if failed else 0
