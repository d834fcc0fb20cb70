"""Our own tables of a manifest, under [edge]: other hosts pass over them."""

from __future__ import annotations

from edge.permissions import patterns, requests
from edge.permissions.levels import LEVELS, LIMITS, ORDER, RATES, amount_problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.lines import Path
    from edge.manifest.rules import Findings
    from edge.permissions.requests import Ask

TABLES = ("tools", "http", "limits", "kv", "cli", "delegate", "level", "release", "check")
MOST_ARGUMENTS = 64
MOST_CHECK_BYTES = 64 << 10


class Edge:
    """What [edge] says."""

    __slots__ = ("asks", "check_arguments", "check_tool", "hosts", "level", "release", "risks")

    def __init__(self) -> None:
        self.asks: list[Ask] = []
        self.hosts: list[str] = []
        self.risks: dict[str, str] = {}
        self.level = ""
        self.release = 0
        self.check_tool = ""
        self.check_arguments = ""


def check_edge(found: Findings, document: dict[str, Any]) -> Edge:
    """Reads [edge]; problems go to `found`."""
    edge = Edge()
    table = found.table(("edge",), document.get("edge", {}), "edge")
    found.known(("edge",), table, TABLES)
    for name, reader in READERS.items():
        if name in table:
            reader(found, ("edge", name), table[name], edge)
    return edge


def _tools(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    from edge.manifest import RISKS

    for index, item in enumerate(found.array(place, value, "edge.tools")):
        path = (*place, index)
        tool = found.table(path, item, "a tool")
        found.known(path, tool, ("name", "risk"))
        name, risk = tool.get("name"), tool.get("risk")
        if not isinstance(name, str) or not requests.is_tool_name(name):
            found.wrong((*path, "name"), "a tool needs a name: letters, digits, . _ -")
        elif name in edge.risks:
            found.wrong((*path, "name"), f"the tool `{name}` is named twice")
        elif risk not in RISKS:
            found.wrong(
                (*path, "risk"), f"the risk of `{name}` has to be {', '.join(RISKS[:-1])} or {RISKS[-1]}"
            )
        else:
            edge.risks[name] = risk


def _http(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    table = found.table(place, value, "edge.http")
    found.known(place, table, ("hosts",))
    hosts = found.array((*place, "hosts"), table.get("hosts", []), "hosts")
    if not hosts:
        found.careless((*place, "hosts"), "[edge.http] names no hosts")
    seen = set()
    for index, host in enumerate(hosts):
        path = (*place, "hosts", index)
        problem = patterns.host_problem(host) if isinstance(host, str) else "a host has to be text"
        if problem:
            found.wrong(path, f"`{host}`: {problem}")
        elif host in seen:
            found.careless(path, f"`{host}` stands twice")
        else:
            seen.add(host)
            edge.hosts.append(host)
            edge.asks.append(("http_client", host))


def _limits(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    table = found.table(place, value, "edge.limits")
    found.known(place, table, (*LIMITS, *RATES))
    for name, amount in table.items():
        if name in (*LIMITS, *RATES) and _is_amount(found, (*place, name), amount):
            edge.asks.append(("limits", name, _spelled(amount)))


def _kv(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    table = found.table(place, value, "edge.kv")
    found.known(place, table, ("quota_bytes",))
    path = (*place, "quota_bytes")
    if "quota_bytes" not in table:
        found.wrong(place, "[edge.kv] needs quota_bytes")
    elif _is_amount(found, path, table["quota_bytes"]):
        edge.asks.append(("kv", _spelled(table["quota_bytes"])))


def _cli(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    for index, item in enumerate(found.array(place, value, "edge.cli")):
        path = (*place, index)
        table = found.table(path, item, "a program")
        found.known(path, table, ("program", "arguments"))
        program = table.get("program")
        problem = (
            requests.program_problem(program) if isinstance(program, str) else "`program` has to be text"
        )
        if problem:
            found.wrong((*path, "program"), problem)
        arguments = found.array((*path, "arguments"), table.get("arguments", []), "arguments")
        if len(arguments) > MOST_ARGUMENTS:
            found.wrong((*path, "arguments"), f"there may be {MOST_ARGUMENTS} arguments")
        for at, pattern in enumerate(arguments):
            problem = (
                patterns.argument_problem(pattern)
                if isinstance(pattern, str)
                else "an argument has to be text"
            )
            if problem:
                found.wrong((*path, "arguments", at), f"`{pattern}`: {problem}")
        edge.asks.append(("cli", str(program), *map(str, arguments)))


def _delegate(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    table = found.table(place, value, "edge.delegate")
    found.known(place, table, ("tools",))
    for index, target in enumerate(found.array((*place, "tools"), table.get("tools", []), "tools")):
        problem = requests.target_problem(target) if isinstance(target, str) else "a target has to be text"
        if problem:
            found.wrong((*place, "tools", index), f"`{target}`: {problem}")
        else:
            edge.asks.append(("delegate", target))


def _level(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    if isinstance(value, str) and value in LEVELS:
        edge.level = value
    else:
        found.wrong(place, f"level has to be one of {', '.join(ORDER)}")


def _release(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    if _is_amount(found, place, value):
        edge.release = value


def _check(found: Findings, place: Path, value: Any, edge: Edge) -> None:
    table = found.table(place, value, "edge.check")
    found.known(place, table, ("tool", "arguments"))
    tool = table.get("tool", "")
    if "tool" in table and not (isinstance(tool, str) and requests.is_tool_name(tool)):
        found.wrong((*place, "tool"), "the tool of a check needs a name: letters, digits, . _ -")
    arguments = table.get("arguments")
    problem = _arguments_problem(arguments)
    if problem:
        found.wrong((*place, "arguments"), problem)
    else:
        edge.check_tool, edge.check_arguments = str(tool), str(arguments)


def _arguments_problem(value: Any) -> str:
    """What is wrong with the arguments of a check, by what reads them when it is carried out."""
    if not isinstance(value, str):
        return "[edge.check] needs arguments: the JSON text of an object"
    if len(value) > MOST_CHECK_BYTES:
        return f"the arguments of a check have at most {MOST_CHECK_BYTES >> 10} kB"
    from edge import _native as native
    from edge import errors

    try:
        native.merge_arguments(value.encode(), b"")
    except errors.ArgumentsError as error:
        return f"{error.message[:1].lower()}{error.message[1:]}"
    return ""


def _is_amount(found: Findings, path: Path, value: Any) -> bool:
    problem = amount_problem(str(path[-1]), value)
    if problem:
        found.wrong(path, problem)
    return not problem


def _spelled(amount: float) -> str:
    """Without an exponent: a time shorter than a millisecond is one."""
    return str(amount) if isinstance(amount, int) else f"{max(amount, 0.001):.3f}"


READERS = {
    "tools": _tools,
    "http": _http,
    "limits": _limits,
    "kv": _kv,
    "cli": _cli,
    "delegate": _delegate,
    "level": _level,
    "release": _release,
    "check": _check,
}
