"""`("delegate", "weather/forecast")`: a tool of another plugin, as [edge.delegate] names it."""

from __future__ import annotations

from edge.permissions.catalogue import NAME_LIMIT, Permission
from edge.permissions.names import is_tool_name
from edge.text import is_plugin_name, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge import errors
    from edge.manifest.findings import Findings
    from edge.manifest.lines import Path
    from edge.permissions.catalogue import Request


class Delegate(Permission):
    """Tools of other plugins."""

    name = "delegate"
    table = "delegate"
    setting = "tools of [edge.delegate]"
    levels = ("relaxed", "default", "strict")

    def problem(self, request: Request) -> str:
        return target_problem(request[1])

    def why_excluded(self, level: str) -> str:
        return f"level {level} does not allow delegation"

    def denied(self, plugin: str, use: tuple[str, ...]) -> errors.EdgeError:
        from edge import errors

        return errors.NotDelegated(f"{plugin} may not call {plain(use[0], NAME_LIMIT)}")

    def read(self, found: Findings, path: Path, value: Any) -> list[Request]:
        table = found.table(path, value, "edge.delegate")
        found.known(path, table, ("tools",))
        requests: list[Request] = []
        for index, target in enumerate(found.array((*path, "tools"), table.get("tools", []), "tools")):
            problem = target_problem(target) if isinstance(target, str) else "a target must be text"
            if problem:
                found.wrong((*path, "tools", index), f"`{target}`: {problem}")
            else:
                requests.append((self.name, target))
        return requests


PERMISSION = Delegate()


def target_problem(target: str) -> str:
    """The problem of a delegation's target; empty if there is none."""
    if "*" in target:
        return "wildcards are not allowed; list each target"
    plugin, slash, tool = target.partition("/")
    if not (slash and is_plugin_name(plugin) and is_tool_name(tool)):
        return "a target must be PLUGIN/TOOL"
    return ""
