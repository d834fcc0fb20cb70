"""The operator's settings for the device and for each plugin."""

from __future__ import annotations

from edge.manifest import RISKS
from edge.permissions import levels
from edge.permissions.catalogue import permission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.manifest import Tool
    from edge.permissions.catalogue import Request

FORMAT = 1
UNATTENDED = "low"
NOBODY = "none"
MAX_BYTES = 1 << 20


class PluginPolicy:
    """The settings of one plugin.

    level     its own security level, empty if the device's applies
    consents  its requests when the operator consented to them as a whole
    grants    what the operator granted individually
    """

    __slots__ = ("consents", "grants", "level")

    def __init__(
        self, level: str = "", consents: Iterable[Iterable[str]] = (), grants: Iterable[Iterable[str]] = ()
    ) -> None:
        self.level = level
        self.consents: tuple[Request, ...] = tuple(map(tuple, consents))
        self.grants: tuple[Request, ...] = tuple(map(tuple, grants))


NO_WORD = PluginPolicy()


class Policy:
    """The operator's settings.

    path        the file that contains them
    level       the device's security level
    unattended  the highest risk that may run unattended: none, low, medium or high
    plugins     the plugins with settings, by name
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
        """The settings of one plugin."""
        return self.plugins.get(plugin, NO_WORD)

    def level_of(self, plugin: str) -> str:
        """The security level of a plugin: its own, or the device's."""
        return self.of(plugin).level or self.level

    def accepted(self, plugin: str, level: str) -> tuple[Request, ...] | None:
        """The requests of a plugin that are accepted at a level; None if all of them are."""
        rules = levels.LEVELS[level]
        own = self.of(plugin)
        if rules["consent"] == "none":
            return None
        if rules["consent"] == "install":
            return own.consents + own.grants
        if rules["each_call"]:
            return tuple(
                request for request in own.grants if len(request) > 1 or permission(request[0]).words == 1
            )
        return own.grants

    def agreed(self, plugin: str, asked: Iterable[Request]) -> Policy:
        """The policy with the operator's consent to a plugin's requests."""
        own = self.of(plugin)
        consents = dict.fromkeys((*own.consents, *asked))
        plugins = {**self.plugins, plugin: PluginPolicy(own.level, consents, own.grants)}
        return Policy(self.path, self.level, self.unattended, plugins)

    def may_run_unattended(self, tool: Tool) -> bool:
        """Whether a tool may be called unattended."""
        if self.unattended == NOBODY:
            return False
        return RISKS.index(tool.risk) <= RISKS.index(self.unattended)

    def check_unattended(self, plugin: str, tool: Tool) -> None:
        """Raises `errors.Denied` for a tool that may not be called unattended."""
        if self.may_run_unattended(tool):
            return
        from edge import errors

        raise errors.Denied(
            f"{plugin}: the risk of {tool.name} is {tool.risk}; unattended calls are allowed up to "
            f"{self.unattended}",
            f"Call it from a terminal, or allow that risk: `edge policy unattended {tool.risk}`",
        )
