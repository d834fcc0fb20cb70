"""The policy of the device and all plugins, or what applies to one plugin."""

from __future__ import annotations

from edge import errors
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.policy import grants
from edge.store import records, status
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.permissions.catalogue import Request
    from edge.policy.model import Policy
    from edge.store import Record

    Facts = dict[str, Any]


def of_device() -> Facts:
    """The policy with all consents: path, level, unattended, and plugins by name."""
    policy = policy_file.load()
    for record in records.every():
        if record.current or record.consents:
            policy = policy.agreed(record.name, record.consents)
    plugins = {
        name: {"level": own.level, "consents": own.consents, "grants": own.grants}
        for name, own in sorted(policy.plugins.items())
    }
    return {"path": policy.path, "level": policy.level, "unattended": policy.unattended, "plugins": plugins}


def of_plugin(name: str) -> tuple[Facts, tuple[Request, ...]]:
    """What applies to a plugin, and its consents and grants that its level ignores.

    Raises `errors.NotInstalled` if it is not installed and the policy has no entry for it.
    """
    view = View()
    policy, record = view.policy, view.record(name)
    if record is not None and record.current:
        policy = policy.agreed(name, record.consents)
    elif name not in policy.plugins:
        raise errors.NotInstalled(f"No plugin `{name}` is installed, and the policy has no entry for it")
    else:
        record = None
    facts = _facts(policy, name, record, view)
    counting = policy.accepted(name, facts["level"])
    own = policy.of(name)
    listed = dict.fromkeys((*own.grants, *own.consents))
    return facts, tuple(
        request for request in listed if counting is not None and request not in set(counting)
    )


def _facts(policy: Policy, name: str, record: Record | None, view: View) -> Facts:
    own = policy.of(name)
    usual = policy.level_of(name)
    release = view.release(record.current, name) if record is not None else None
    level = release.level if release is not None else usual
    whose = "its own" if own.level else "the device's"
    if level != usual:
        whose = f"its manifest's; the policy says {usual}"
    state, problem = status.state(record, view) if record is not None else ("", "")
    allowed: tuple[Request, ...] = ()
    limits: dict[str, float] = {}
    if release is not None:
        granted = grants.resolve(release.manifest, policy, profile=view.profile, name=name)
        allowed, limits = granted.allowed, granted.limits
    return {
        "plugin": name,
        "state": state or None,
        "problem": problem or None,
        "level": level,
        "level_of": whose,
        "keys": levels.LEVELS[level]["keys"],
        "unattended": policy.unattended,
        "consents": own.consents,
        "grants": own.grants,
        "allowed": allowed,
        "limits": limits,
        "profile": view.profile.name,
    }
