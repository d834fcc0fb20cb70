"""Changes of the policy: each is made under a lock, after its audit entry is written.

What can't be put there is not changed; what changes nothing is not put there. RATIONALE, "Why a change that
changes nothing is not audited, and yet synced".
"""

from __future__ import annotations

from edge import errors, files
from edge.files import reserve, staged
from edge.manifest import RISKS
from edge.permissions import levels, requests
from edge.policy.file import default_path, document, load, locked, write
from edge.policy.model import NOBODY, PluginPolicy
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

    from edge.permissions.catalogue import Request
    from edge.policy.model import Policy

    Event = dict[str, Any]


def set_level(level: str, plugin: str = "", *, path: str = "") -> Event:
    """Sets the device's security level, or a plugin's; an empty level resets a plugin to the device's."""

    def act(policy: Policy) -> Event:
        before = policy.level_of(plugin) if plugin else policy.level
        if plugin:
            current = policy.of(plugin)
            policy.plugins[plugin] = PluginPolicy(level, current.consents, current.grants)
        else:
            policy.level = level
        after = policy.level_of(plugin) if plugin else policy.level
        lowered = levels.is_lower(after, before)
        return {"act": "level", "plugin": plugin, "before": before, "after": after, "lowered": lowered}

    if level not in levels.LEVELS and not (plugin and not level):
        _refuse(f"Unknown level `{level}`", f"Levels are {', '.join(levels.ORDER)}")
    return _taken(act, plugin, path)


def set_unattended(risk: str, *, path: str = "") -> Event:
    """Sets the highest risk that may run unattended; `none` for no tool at all."""

    def act(policy: Policy) -> Event:
        before, policy.unattended = policy.unattended, risk
        order = (NOBODY, *RISKS)
        lowered = order.index(risk) > order.index(before)
        return {"act": "unattended", "plugin": "", "before": before, "after": risk, "lowered": lowered}

    if risk not in (NOBODY, *RISKS):
        _refuse(f"Unknown risk `{risk}`", f"Risks are {', '.join((NOBODY, *RISKS))}")
    return _change(act, "", path)


def consent(plugin: str, asked: Iterable[Request], *, path: str = "") -> Event:
    """Consents to all requests of a plugin, in place of an earlier consent."""
    asked = tuple(asked)

    def act(policy: Policy) -> Event:
        current = policy.of(plugin)
        policy.plugins[plugin] = PluginPolicy(current.level, asked, current.grants)
        held = requests.Covering(current.consents)
        wider = [list(request) for request in asked if not held.covers(request)]
        return {"act": "consent", "plugin": plugin, "asks": list(map(list, asked)), "wider": wider}

    return _change(act, plugin, path, asked)


def grant(plugin: str, request: Request, *, path: str = "") -> Event:
    """Grants one request to a plugin; a capability's name alone grants all that its manifest declares."""

    def act(policy: Policy) -> Event:
        current = policy.of(plugin)
        grants = current.grants if request in current.grants else (*current.grants, request)
        policy.plugins[plugin] = PluginPolicy(current.level, current.consents, grants)
        return {
            "act": "grant",
            "plugin": plugin,
            "ask": list(request),
            "wider": not requests.covered(request, current.grants),
        }

    return _change(act, plugin, path, (request,))


def revoke(plugin: str, request: Request, *, path: str = "") -> Event:
    """Revokes a grant or consent, and every narrower one it covers."""

    def act(policy: Policy) -> Event:
        current = policy.of(plugin)
        kept = [
            [own for own in had if not requests.covers(request, own)]
            for had in (current.consents, current.grants)
        ]
        policy.plugins[plugin] = PluginPolicy(current.level, *kept)
        count = len(current.consents) + len(current.grants) - len(kept[0]) - len(kept[1])
        return {"act": "revoke", "plugin": plugin, "ask": list(request), "removed": count}

    return _taken(act, plugin, path, (request,))


def delete(plugin: str, *, path: str = "") -> Event:
    """Deletes all entries of a plugin."""

    def act(policy: Policy) -> Event:
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


def _taken(act: Callable[[Policy], Event], plugin: str, path: str, asked: Iterable[Request] = ()) -> Event:
    """As `_change`, for changes that must work on a full disk, too."""
    with reserve.spent():
        return _change(act, plugin, path, asked)


def _change(act: Callable[[Policy], Event], plugin: str, path: str, asked: Iterable[Request] = ()) -> Event:
    if plugin and not is_plugin_name(plugin):
        _refuse(
            f"`{plugin}` is not a valid plugin name",
            "Plugin names consist of a-z and 0-9, with . _ - allowed inside",
        )
    for request in asked:
        problem = requests.problem(request) or requests.range_problem(request)
        if problem:
            _refuse(
                f"`{requests.spelled(request)}` cannot be granted: {problem}",
                "`edge policy --help` has an example; `edge show NAME` shows what a plugin requests",
            )
    path = path or default_path()
    if not path:
        raise errors.EnvironmentFault(files.NO_PLACE.format("a policy", "XDG_CONFIG_HOME"), files.SET_ONE)
    with locked(path):
        policy = load(path)
        before = document(policy)
        event = {"event": "policy", **act(policy)}
        if document(policy) != before:
            write(policy, event)
        else:
            staged.make_durable(path)
    return event


def _refuse(message: str, remedy: str) -> NoReturn:
    raise errors.OptionsError(message, remedy)
