"""`edge policy show`: what the operator has said, of the device and all plugins or of one."""

from __future__ import annotations

from edge import errors
from edge.cli import output
from edge.permissions import levels, requests
from edge.policy import file as policy_file
from edge.policy import grants
from edge.store import records, status
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.permissions.catalogue import Request
    from edge.policy.model import Policy
    from edge.store.record import Record

KEYS = {True: "only keys that the operator added count", False: "any key trusted here counts"}


def show(given: Given, name: str = "") -> None:
    """Shows what holds, of a plugin where one is named."""
    if name:
        _show_plugin(given, View(), name)
    else:
        _show_all(given, policy_file.load())


def _show_all(given: Given, said: Policy) -> None:
    for found in records.every():
        if found.current or found.consents:
            said = said.agreed(found.name, found.consents)
    plugins = {
        name: {"level": own.level, "consents": own.consents, "grants": own.grants}
        for name, own in sorted(said.plugins.items())
    }
    if given.get("json"):
        output.document(
            {"path": said.path, "level": said.level, "unattended": said.unattended, "plugins": plugins}
        )
        return
    output.answer(f"level       {said.level}")
    output.answer(f"unattended  calls up to risk {said.unattended}")
    for name, own in plugins.items():
        level = f"level {own['level']}" if own["level"] else "the level of this device"
        output.answer("")
        output.show(f"{name}: {level}")
        for field, word in (("grants", "granted"), ("consents", "consented to")):
            for ask in own[field]:
                output.show(f"  {word} {requests.spelled(tuple(ask))}")


def _show_plugin(given: Given, view: View, name: str) -> None:
    said = view.policy
    found = view.record(name)
    if found is not None and found.current:
        said = said.agreed(name, found.consents)
    elif name not in said.plugins:
        raise errors.NotInstalled(f"No plugin `{name}` is installed, and the policy says nothing of it")
    else:
        found = None
    facts = _facts(said, name, found, view)
    if given.get("json"):
        output.document(facts)
        return
    own = said.of(name)
    state = facts["state"] or "not installed"
    _row("plugin", f"{name}, {state}{': ' if facts['problem'] else ''}{facts['problem'] or ''}")
    _row("level", f"{facts['level']}, {facts['level_of']}")
    _row("keys", KEYS[facts["keys"] == "operator"])
    _row("unattended", f"calls up to risk {said.unattended}")
    counting = said.accepted(name, facts["level"])
    counted = None if counting is None else set(counting)
    for word, listed in (("granted", own.grants), ("consented", own.consents)):
        for ask in listed:
            counts = counted is None or ask in counted
            remark = "" if counts else f" (does not count at level {facts['level']})"
            _row(word, f"{requests.spelled(ask)}{remark}")
    if found is not None:
        for ask in facts["allowed"]:
            _row("gets", requests.spelled(ask))
        _row("limits", f"{grants.spelled_limits(facts['limits'])} (profile {facts['profile']})")


def _facts(said: Policy, name: str, found: Record | None, view: View) -> dict[str, Any]:
    own = said.of(name)
    usual = said.level_of(name)
    release = view.release(found.current, name) if found is not None else None
    level = release.level if release is not None else usual
    whose = "its own" if own.level else "the device's"
    if level != usual:
        whose = f"its manifest's; the policy says {usual}"
    state, problem = status.state(found, view) if found is not None else ("", "")
    allowed: tuple[Request, ...] = ()
    limits: dict[str, float] = {}
    if release is not None:
        granted = grants.resolve(release.manifest, said, profile=view.profile, name=name)
        allowed, limits = granted.allowed, granted.limits
    return {
        "plugin": name,
        "state": state or None,
        "problem": problem or None,
        "level": level,
        "level_of": whose,
        "keys": levels.LEVELS[level]["keys"],
        "unattended": said.unattended,
        "consents": own.consents,
        "grants": own.grants,
        "allowed": allowed,
        "limits": limits,
        "profile": view.profile.name,
    }


def _row(name: str, text: str) -> None:
    output.show(f"{name:<11} {text}")
