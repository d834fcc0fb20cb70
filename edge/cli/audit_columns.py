"""Columns of `edge audit`: imported, declared, allowed and granted."""

from __future__ import annotations

from edge.cli import output
from edge.doctor.finding import counted
from edge.permissions import requests
from edge.permissions.catalogue import ALWAYS, capability
from edge.policy import grants
from edge.text import plain, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.limits import Profile
    from edge.permissions.catalogue import Request
    from edge.policy.grants import Grants, Row

NOTHING = "-"


def facts(row: Row) -> dict[str, Any]:
    """A row as data."""
    return {
        "capability": row.capability,
        "imported": row.imported,
        "declared": row.declared,
        "allowed": row.allowed,
        "granted": row.granted,
        "reason": row.reason,
    }


def show(path: str, granted: Grants, rows: list[Row], profile: Profile) -> None:
    """Shows the columns, and the limits of a device with this profile."""
    output.show(f"{safe(path)}: {granted.plugin or 'no manifest'}, level {granted.level}")
    output.answer("")
    table = [("capability", "imported", "declared", "allowed", "granted")]
    for row in rows:
        table.extend(_lines(row))
    widths = [max(map(len, column)) for column in zip(*table)]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths))
        output.show("  ".join(cells).rstrip())
    output.answer(f"\nlimits (profile {profile.name}): {grants.spelled_limits(granted.limits)}")


def _lines(row: Row) -> list[tuple[str, str, str, str, str]]:
    """The lines of a row, as many as its longest column has."""
    declared = [_short(request) for request in row.declared]
    # An allowed request stands beside the same declared one.
    allowed = [text if request in row.allowed else "" for request, text in zip(row.declared, declared)]
    allowed += [_short(request) for request in row.allowed if request not in row.declared]
    imported = list(map(plain, row.imported)) or [NOTHING]
    if capability(row.capability).refused == ALWAYS:
        imported = [", ".join(dict.fromkeys(name.partition("/")[0] for name in row.imported))]
    always = row.granted and not row.declared
    lines = []
    for at in range(max(len(imported), len(declared), len(allowed), 1)):
        cells = (_at(imported, at), _at(declared, at), _at(allowed, at))
        if at == 0:
            declares, allows = cells[1] or NOTHING, cells[2] or NOTHING
            if always:
                declares = allows = "always"
            granted = f"{'yes' if row.granted else 'no'}: {row.reason}"
            lines.append((row.capability, cells[0], declares, allows, granted))
        else:
            lines.append(("", *cells, ""))
    return lines


def _at(cells: list[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def _short(request: Request) -> str:
    return requests.spelled(request[1:]) or "yes"


def show_end(refused: list[Row], wider: list[Any]) -> None:
    """Shows refused imports and wider requests."""
    if refused:
        output.answer(f"\nimported and not granted: {', '.join(row.capability for row in refused)}")
    if wider:
        output.answer(
            f"\nwider than the old version in {counted(len(wider), 'way')}: this needs the operator's consent"
        )
