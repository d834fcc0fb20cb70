"""The operator's side: which security level holds, what plugins were granted, what may run with nobody there.

One small file, policy.json below $XDG_CONFIG_HOME/edge (~/.config/edge), root's own for root:

    {"format": 1, "level": "default", "unattended": "low",
     "plugins": {"weather": {"level": "strict", "consents": [],
                             "grants": [["http_client", "api.example.org:443"]]}}}

Every change is made under a lock, leaves the old file or the new one, and answers the fact that it put into
the audit log before. What can't be put there is not changed; what changes nothing is not put there.
"""

from __future__ import annotations

from edge import files
from edge.files import folders, paths, staged
from edge.manifest import RISKS
from edge.permissions import levels, requests
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

    from edge.manifest import Tool
    from edge.permissions.requests import Ask

    Fact = dict[str, Any]

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
            return tuple(ask for ask in said.grants if len(ask) > 1 or requests.PARTS.get(ask[0]) == 1)
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
            f"{plugin}: the risk of {tool.name} is {tool.risk}, unattended calls go up to {self.unattended}",
            f"Have a person call it, or allow that risk: `edge policy unattended {tool.risk}`",
        )


def default_path() -> str:
    """Where this user's policy is kept; empty where there is no place for it."""
    return paths.policy_file()


def load(path: str = "") -> Policy:
    """The policy; the defaults where there is none yet.

    Raises `errors.EnvironmentFault` for a file that others can write, or that says what means nothing: a
    policy is followed as it stands or not at all.
    """
    path = path or default_path()
    text = files.read_guarded(path, files.OTHERS_WRITE) if path else None
    if text is None:
        return Policy(path)
    from edge.policy.file import read

    return read(text, path)


def set_level(level: str, plugin: str = "", *, path: str = "") -> Fact:
    """Sets the device's security level, or a plugin's; an empty one gives a plugin the device's again."""

    def act(policy: Policy) -> Fact:
        before = policy.level_of(plugin) if plugin else policy.level
        if plugin:
            said = policy.of(plugin)
            policy.plugins[plugin] = PluginPolicy(level, said.consents, said.grants)
        else:
            policy.level = level
        after = policy.level_of(plugin) if plugin else policy.level
        lowered = levels.is_lower(after, before)
        return {"act": "level", "plugin": plugin, "before": before, "after": after, "lowered": lowered}

    if level not in levels.LEVELS and not (plugin and not level):
        _refuse(f"there is no level `{level}`", f"Levels are {', '.join(levels.ORDER)}")
    return _taken(act, plugin, path)


def set_unattended(risk: str, *, path: str = "") -> Fact:
    """Sets the highest risk that may run with nobody there; `none` for no tool at all."""

    def act(policy: Policy) -> Fact:
        before, policy.unattended = policy.unattended, risk
        order = (NOBODY, *RISKS)
        lowered = order.index(risk) > order.index(before)
        return {"act": "unattended", "plugin": "", "before": before, "after": risk, "lowered": lowered}

    if risk not in (NOBODY, *RISKS):
        _refuse(f"there is no risk `{risk}`", f"Risks are {', '.join((NOBODY, *RISKS))}")
    return _change(act, "", path)


def consent(plugin: str, asked: Iterable[Ask], *, path: str = "") -> Fact:
    """Consents to all that a plugin asks for, in place of what was consented to before."""
    asked = tuple(asked)

    def act(policy: Policy) -> Fact:
        said = policy.of(plugin)
        policy.plugins[plugin] = PluginPolicy(said.level, asked, said.grants)
        held = requests.Covering(said.consents)
        wider = [list(ask) for ask in asked if not held.covers(ask)]
        return {"act": "consent", "plugin": plugin, "asks": list(map(list, asked)), "wider": wider}

    return _change(act, plugin, path, asked)


def grant(plugin: str, ask: Ask, *, path: str = "") -> Fact:
    """Grants one thing to a plugin; a capability's name alone grants all that its manifest declares of it."""

    def act(policy: Policy) -> Fact:
        said = policy.of(plugin)
        grants = said.grants if ask in said.grants else (*said.grants, ask)
        policy.plugins[plugin] = PluginPolicy(said.level, said.consents, grants)
        return {
            "act": "grant",
            "plugin": plugin,
            "ask": list(ask),
            "wider": not requests.covered(ask, said.grants),
        }

    return _change(act, plugin, path, (ask,))


def revoke(plugin: str, ask: Ask, *, path: str = "") -> Fact:
    """Takes back what the operator granted or consented to, and all that it takes in."""

    def act(policy: Policy) -> Fact:
        said = policy.of(plugin)
        kept = [[own for own in had if not requests.covers(ask, own)] for had in (said.consents, said.grants)]
        policy.plugins[plugin] = PluginPolicy(said.level, *kept)
        count = len(said.consents) + len(said.grants) - len(kept[0]) - len(kept[1])
        return {"act": "revoke", "plugin": plugin, "ask": list(ask), "removed": count}

    return _taken(act, plugin, path, (ask,))


def forget(plugin: str, *, path: str = "") -> Fact:
    """Takes back all that was said of a plugin."""

    def act(policy: Policy) -> Fact:
        before = policy.level_of(plugin)
        policy.plugins.pop(plugin, None)
        lowered = levels.is_lower(policy.level, before)
        return {
            "act": "forget",
            "plugin": plugin,
            "before": before,
            "after": policy.level,
            "lowered": lowered,
        }

    return _taken(act, plugin, path)


def _taken(act: Callable[[Policy], Fact], plugin: str, path: str, asked: Iterable[Ask] = ()) -> Fact:
    """As `_change`, of one that has to work on a full disk, too."""
    from edge.files import reserve

    with reserve.spent():
        return _change(act, plugin, path, asked)


def _change(act: Callable[[Policy], Fact], plugin: str, path: str, asked: Iterable[Ask] = ()) -> Fact:
    if plugin and not is_plugin_name(plugin):
        _refuse(f"`{plugin}` is no plugin's name", "It is of a-z and 0-9, and inside also . _ -")
    for ask in asked:
        problem = requests.problem(ask) or requests.range_problem(ask)
        if problem:
            _refuse(
                f"`{requests.spelled(ask)}` can't be granted: {problem}",
                "`edge policy --help` has an example, `edge show NAME` shows what a plugin asks for",
            )
    path = path or default_path()
    if not path:
        from edge import errors

        raise errors.EnvironmentFault(paths.NO_PLACE.format("a policy", "XDG_CONFIG_HOME"), paths.SET_ONE)
    from edge.policy.file import document, locked, write

    folders.make(files.folder(path), 0o700)
    with locked(path):
        policy = load(path)
        before = document(policy)
        fact = {"event": "policy", **act(policy)}
        if document(policy) != before:
            write(policy, fact)
        else:
            staged.make_last(path)
    return fact


def _refuse(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.OptionsError(message, remedy)
