"""What an operator has said, of the device and of each plugin."""

from __future__ import annotations

from edge.manifest import RISKS
from edge.permissions import levels
from edge.permissions.catalogue import permission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.manifest import Tool
    from edge.permissions.catalogue import Ask

FORMAT = 1
UNATTENDED = "low"
NOBODY = "none"
MOST_BYTES = 1 << 20


class PluginPolicy:
    """What holds for one plugin.

    level     its own security level, empty where the device's holds
    consents  what it asked for when the operator consented to it as a whole
    grants    what the operator granted by name
    """

    __slots__ = ("consents", "grants", "level")

    def __init__(
        self, level: str = "", consents: Iterable[Iterable[str]] = (), grants: Iterable[Iterable[str]] = ()
    ) -> None:
        self.level = level
        self.consents: tuple[Ask, ...] = tuple(map(tuple, consents))
        self.grants: tuple[Ask, ...] = tuple(map(tuple, grants))


NO_WORD = PluginPolicy()


class Policy:
    """What the operator has said.

    path        the file it stands in
    level       the device's security level
    unattended  the highest risk that may run with nobody there: none, low, medium or high
    plugins     by name, those of whom the operator said something
    """

    __slots__ = ("level", "path", "plugins", "unattended")

    def __init__(
        self,
        path: str = "",
        level: str = levels.DEFAULT,
        unattended: str = UNATTENDED,
        plugins: dict[str, PluginPolicy] | None = None,
    ) -> None:
        self.path = path
        self.level = level
        self.unattended = unattended
        self.plugins = {} if plugins is None else plugins

    def of(self, plugin: str) -> PluginPolicy:
        """What holds for one plugin."""
        return self.plugins.get(plugin, NO_WORD)

    def level_of(self, plugin: str) -> str:
        """The security level of a plugin: its own, or the device's."""
        return self.of(plugin).level or self.level

    def accepted(self, plugin: str, level: str) -> tuple[Ask, ...] | None:
        """What of a plugin's asks counts at a level; None where all of them do."""
        rules = levels.LEVELS[level]
        said = self.of(plugin)
        if rules["consent"] == "none":
            return None
        if rules["consent"] == "install":
            return said.consents + said.grants
        if rules["each_call"]:
            return tuple(ask for ask in said.grants if len(ask) > 1 or permission(ask[0]).words == 1)
        return said.grants

    def agreed(self, plugin: str, asked: Iterable[Ask]) -> Policy:
        """The policy with the operator's consent to what a plugin asks for."""
        said = self.of(plugin)
        consents = dict.fromkeys((*said.consents, *asked))
        plugins = {**self.plugins, plugin: PluginPolicy(said.level, consents, said.grants)}
        return Policy(self.path, self.level, self.unattended, plugins)

    def may_run_unattended(self, tool: Tool) -> bool:
        """Whether a tool may be called with nobody there to say no."""
        if self.unattended == NOBODY:
            return False
        return RISKS.index(tool.risk) <= RISKS.index(self.unattended)

    def check_unattended(self, plugin: str, tool: Tool) -> None:
        """Raises `errors.Denied` for a tool that may not be called with nobody there."""
        if self.may_run_unattended(tool):
            return
        from edge import errors

        raise errors.Denied(
            f"{plugin}: the risk of {tool.name} is {tool.risk}; unattended calls are allowed up to "
            f"{self.unattended}",
            f"Call it from a terminal, or allow that risk: `edge policy unattended {tool.risk}`",
        )
