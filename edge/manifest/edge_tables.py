"""Edge's own tables in a manifest, under [edge]; other hosts ignore them.

Each permission's module reads its own table (edge/permissions/catalogue.py).
"""

from __future__ import annotations

from edge.permissions.amounts import is_amount
from edge.permissions.catalogue import permissions
from edge.permissions.levels import LEVELS, ORDER
from edge.permissions.names import is_tool_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.findings import Findings
    from edge.manifest.lines import Path
    from edge.permissions.catalogue import Request

MAX_CHECK_BYTES = 64 << 10


class Edge:
    """The contents of [edge]."""

    __slots__ = ("check_arguments", "check_tool", "level", "release", "requests", "risks")

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.risks: dict[str, str] = {}
        self.level = ""
        self.release = 0
        self.check_tool = ""
        self.check_arguments = ""


def check_edge(found: Findings, document: dict[str, Any]) -> Edge:
    """Reads [edge]; adds problems to `found`."""
    edge = Edge()
    table = found.table(("edge",), document.get("edge", {}), "edge")
    readable = {own.table: own for own in permissions() if own.table}
    found.known(("edge",), table, (*READERS, *readable))
    for name, reader in READERS.items():
        if name in table:
            reader(found, ("edge", name), table[name], edge)
    for name, own in readable.items():
        if name in table:
            edge.requests.extend(own.read(found, ("edge", name), table[name]))
    return edge


def _tools(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    from edge.manifest import RISKS

    for index, item in enumerate(found.array(place, value, "edge.tools")):
        path = (*place, index)
        tool = found.table(path, item, "a tool")
        found.known(path, tool, ("name", "risk"))
        name, risk = tool.get("name"), tool.get("risk")
        if not isinstance(name, str) or not is_tool_name(name):
            found.wrong((*path, "name"), "a tool needs a name of letters, digits, . _ -")
        elif name in edge.risks:
            found.wrong((*path, "name"), f"the tool `{name}` is listed twice")
        elif risk not in RISKS:
            found.wrong(
                (*path, "risk"), f"the risk of `{name}` must be {', '.join(RISKS[:-1])} or {RISKS[-1]}"
            )
        else:
            edge.risks[name] = risk


def _level(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    if isinstance(value, str) and value in LEVELS:
        edge.level = value
    else:
        found.wrong(place, f"level must be one of {', '.join(ORDER)}")


def _release(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    if is_amount(found, place, value):
        edge.release = value


def _check(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    table = found.table(place, value, "edge.check")
    found.known(place, table, ("tool", "arguments"))
    tool = table.get("tool", "")
    if "tool" in table and not (isinstance(tool, str) and is_tool_name(tool)):
        found.wrong((*place, "tool"), "the tool of a check needs a name of letters, digits, . _ -")
    arguments = table.get("arguments")
    problem = _arguments_problem(arguments)
    if problem:
        found.wrong((*place, "arguments"), problem)
    else:
        edge.check_tool, edge.check_arguments = str(tool), str(arguments)


def _arguments_problem(value: Any) -> str:
    """The problem of a check's arguments, judged by the parser that reads them when the check runs."""
    if not isinstance(value, str):
        return "[edge.check] needs `arguments`, a JSON object as text"
    if len(value) > MAX_CHECK_BYTES:
        return f"the arguments of a check must not exceed {MAX_CHECK_BYTES >> 10} kB"
    from edge import _native as native
    from edge import errors

    try:
        native.merge_arguments(value.encode(), b"")
    except errors.ArgumentsError as error:
        return f"{error.message[:1].lower()}{error.message[1:]}"
    return ""


READERS = {
    "tools": _tools,
    "level": _level,
    "release": _release,
    "check": _check,
}
