"""Errors for a plugin without a tool, or without the named one."""

from __future__ import annotations

from edge import errors
from edge.contract import EXECUTE, KINDS
from edge.text import phrase, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import NoReturn

    from edge.runtime import Plugin


def refuse_tool(plugin: Plugin, name: str | None) -> NoReturn:
    """Raises `errors.NoSuchTool` if a plugin lacks the tool, or has several and none was named."""
    refuse_toolless(plugin.name, plugin.description["exports"])
    offered = [tool["name"] for tool in plugin.tools]
    offers = (
        f"It offers {', '.join(map(word, offered))}"
        if offered
        else "It offers no tool; `edge inspect` lists its exports"
    )
    wanted = (
        f"no tool `{phrase(name, 200)}`" if name is not None else f"{len(offered)} tools, and none was named"
    )
    raise errors.NoSuchTool(f"{word(plugin.name)} has {wanted}", offers)


def refuse_toolless(name: str, exports: Collection[str]) -> None:
    """Raises `errors.NoSuchTool` for a component without a tool, such as a channel plugin."""
    if EXECUTE in exports:
        return
    kinds = [kind for kind, begin in KINDS.items() if any(export.startswith(begin) for export in exports)]
    if kinds:
        raise errors.NoSuchTool(
            f"{word(name)} is a {' and '.join(kinds)} plugin, which has no tool to call",
            "An application calls it from Python: Runtime().load(FILE).instance()",
        )
    raise errors.NoSuchTool(f"{word(name)} has no tool to call", "`edge inspect` lists its exports")
