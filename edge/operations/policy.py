"""Changes of the policy, in its file and in the store's records.

Each returns a `Done` (edge/operations/impact.py). A change that lets plugins do more calls `consent` with a
description of the change.
"""

from __future__ import annotations

from edge import errors, store
from edge.manifest import RISKS
from edge.operations.impact import Done, Impact
from edge.permissions import levels, requests
from edge.permissions.limits import LIMITS, RATES
from edge.policy import change
from edge.policy import file as policy_file
from edge.policy.model import NOBODY
from edge.store import status
from edge.store.lifecycle import take_back
from edge.store.parts import manifest_of
from edge.store.view import View
from edge.suggest import meant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.manifest import Manifest
    from edge.permissions.catalogue import Request

    Event = dict[str, Any]
    Consent = Callable[[str], bool]

AMOUNTS = ("kv", "limits")


def set_level(level: str, plugin: str = "", *, consent: Consent | None = None) -> Done:
    """Sets the level of this device or of a plugin; an empty one removes a plugin's own level.

    A lower level needs `consent`. Raises `errors.NeedsConsent` without it, and `errors.OptionsError` for an
    unknown level.
    """
    policy = policy_file.load()
    before = policy.level_of(plugin) if plugin else policy.level
    _check_lowering(level or policy.level, before, plugin, consent)
    impact = Impact()
    return _done(change.set_level(level, plugin), impact)


def set_unattended(risk: str, *, consent: Consent | None = None) -> Done:
    """Sets the highest risk of unattended calls; a higher one needs `consent`, as in `set_level`."""
    before, order = policy_file.load().unattended, (NOBODY, *RISKS)
    if risk in order and order.index(risk) > order.index(before):
        _check_agreed(f"raising the risk of unattended calls from {before} to {risk}", consent)
    impact = Impact()
    return _done(change.set_unattended(risk), impact)


def grant(name: str, request: Request) -> Done:
    """Grants a request to a plugin.

    The event has `effect`, whether the installed release (if any) requests any of it, and `remark`, the
    reason if the grant has less effect than expected. Raises `errors.OptionsError` for an unknown limit and
    for anything else that can't be granted.
    """
    if request[0] == "limits" and len(request) > 1 and request[1] not in (*LIMITS, *RATES):
        raise errors.OptionsError(f"No such limit: `{request[1]}`", meant(request[1], (*LIMITS, *RATES)))
    effect, remark = _effect(name, request)
    impact = Impact()
    return _done({**change.grant(name, request), "effect": effect, "remark": remark}, impact)


def revoke(name: str, request: Request) -> Done:
    """Revokes grants and consents.

    The event has `still`, the grants and consents that still cover the request, and `remark`, which reports
    that a security level grants it by itself.
    """
    impact = Impact()
    removed = take_back(name, request)
    event = change.revoke(name, request)
    still, remark = _still(name, request)
    return _done({**event, "removed": event["removed"] + removed, "still": still, "remark": remark}, impact)


def delete(name: str, *, consent: Consent | None = None) -> Done:
    """Removes the level, grants and consents of a plugin.

    If this lowers its level, it needs `consent`, as in `set_level`.
    """
    policy = policy_file.load()
    _check_lowering(policy.level, policy.level_of(name), name, consent)
    impact = Impact()
    had_policy = name in policy.plugins
    removed = take_back(name)
    return _done({**change.delete(name), "removed": removed, "said": had_policy or bool(removed)}, impact)


def _done(event: Event, impact: Impact) -> Done:
    """The result of a change; for a plugin also whether it is installed."""
    remarks = [event["remark"]] if event.get("remark") else []
    name = event["plugin"]
    for request in event.get("still", ()):
        wider = requests.spelled(tuple(request))
        remarks.append(
            f"{name} still has {requests.spelled(tuple(event['ask']))}, which {wider} covers: "
            f"edge policy revoke {name} {wider}"
        )
    if name:
        event["installed"] = status.is_installed(name)
        if not event["installed"]:
            later = "; this applies once it is installed" if event["act"] in ("level", "grant") else ""
            remarks.append(f"{name} is not installed here{later}")
    return Done(event, impact.stopped(), tuple(remarks))


def _check_lowering(after: str, before: str, plugin: str, consent: Consent | None) -> None:
    """Asks before a level is lowered; the change itself refuses unknown levels."""
    if after in levels.LEVELS and levels.is_lower(after, before):
        _check_agreed(f"lowering the level of {plugin or 'this device'} from {before} to {after}", consent)


def _check_agreed(what: str, consent: Consent | None) -> None:
    if consent is None or not consent(what):
        raise errors.NeedsConsent(
            f"Nothing was changed: there was no consent to {what}", "Consent at a terminal, or use --yes"
        )


def _manifest(name: str) -> Manifest | None:
    """The manifest of an installed plugin; None if it can't be read."""
    try:
        record = store.find(name)
        return manifest_of(record.current) if record is not None and record.current else None
    except errors.EdgeError:
        # A grant does not need it; calls of the plugin report the damage.
        return None


def _effect(name: str, request: Request) -> tuple[bool, str]:
    """Whether an installed plugin requests any of a grant, and a remark."""
    manifest = _manifest(name)
    if manifest is None:
        return True, ""
    asked = [own for own in manifest.requests if own[0] == request[0]]
    if any(requests.covers(own, request) for own in asked):
        return True, ""
    within = [own for own in asked if requests.covers(request, own)]
    if within:
        # A plugin gets no higher amount than it requests.
        more = (
            f"{name} requests {requests.spelled(within[0])} and gets no more" if request[0] in AMOUNTS else ""
        )
        return True, more if len(request) > 1 else ""
    remark = (
        f"{name} does not request {requests.spelled(request)}: this has no effect until a release requests it"
    )
    if request[0] == "config_read" and len(request) > 1 and manifest.secrets:
        return False, f"{remark}. Of its secrets: {meant(request[1], manifest.secrets)}"
    if asked:
        return False, f"{remark}. It requests {'; '.join(map(requests.spelled, asked[:5]))}"
    return False, remark


def _still(name: str, request: Request) -> tuple[list[Request], str]:
    """Grants and consents that still cover the request, and a remark if a level grants it by itself."""
    view = View()
    try:
        record = view.record(name)
    except errors.StoreDamaged:
        record = None
    policy = view.policy
    if record is not None and record.current:
        policy = policy.agreed(name, record.consents)
    own = policy.of(name)
    still = [
        wider for wider in dict.fromkeys((*own.grants, *own.consents)) if requests.covers(wider, request)
    ]
    manifest = _manifest(name)
    if still or manifest is None or record is None:
        return still, ""
    level = view.release(record.current, name).level
    given = any(requests.covers(own, request) or requests.covers(request, own) for own in manifest.requests)
    if given and levels.LEVELS[level]["consent"] == "none":
        return [], f"at level {level}, {name} has everything that its manifest requests"
    return [], ""
