"""Granting and revoking: what the policy's file and the store's records say together."""

from __future__ import annotations

from edge import errors
from edge.permissions import levels, requests
from edge.permissions.limits import LIMITS, RATES
from edge.policy import change
from edge.policy import file as policy_file
from edge.store import record
from edge.store.lifecycle import take_back
from edge.store.parts import manifest_of
from edge.store.view import View
from edge.suggest import meant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest import Manifest
    from edge.permissions.catalogue import Request

    Fact = dict[str, Any]

AMOUNTS = ("kv", "limits")


def grant(name: str, ask: Request) -> Fact:
    """Grants something to a plugin; `remark` of the answer says where it does not do what it says.

    `effect` of it: whether the installed release, if there is one, asks for any of it. Raises
    `errors.OptionsError` for a limit that there is not, as for all that can't be granted.
    """
    if ask[0] == "limits" and len(ask) > 1 and ask[1] not in (*LIMITS, *RATES):
        raise errors.OptionsError(f"There is no limit `{ask[1]}`", meant(ask[1], (*LIMITS, *RATES)))
    effect, remark = _effect(name, ask)
    return {**change.grant(name, ask), "effect": effect, "remark": remark}


def revoke(name: str, ask: Request) -> Fact:
    """Takes back what was granted or agreed to; `still` of the answer is what takes in `ask` all the same.

    `remark` says where a security level gives it without anybody's word.
    """
    removed = take_back(name, ask)
    fact = change.revoke(name, ask)
    still, remark = _still(name, ask)
    return {**fact, "removed": fact["removed"] + removed, "still": still, "remark": remark}


def delete(name: str) -> Fact:
    """Takes back all that was said of a plugin, and all that was agreed to."""
    said = name in policy_file.load().plugins
    removed = take_back(name)
    return {**change.delete(name), "removed": removed, "said": said or bool(removed)}


def _manifest(name: str) -> Manifest | None:
    """The manifest of an installed plugin, None where there is none to read."""
    try:
        found = record.find(name)
        return manifest_of(found.current) if found is not None and found.current else None
    except errors.EdgeError:
        # A grant does not need it; whoever calls the plugin is told.
        return None


def _effect(name: str, ask: Request) -> tuple[bool, str]:
    """Whether an installed plugin asks for any of what it is granted, and what there is to say of that."""
    manifest = _manifest(name)
    if manifest is None:
        return True, ""
    asked = [own for own in manifest.requests if own[0] == ask[0]]
    if any(requests.covers(own, ask) for own in asked):
        return True, ""
    within = [own for own in asked if requests.covers(ask, own)]
    if within:
        # Of an amount it gets what it asks for.
        more = f"{name} asks for {requests.spelled(within[0])}, and gets no more" if ask[0] in AMOUNTS else ""
        return True, more if len(ask) > 1 else ""
    told = (
        f"{name} does not ask for {requests.spelled(ask)}: that changes nothing before a release of it does"
    )
    if ask[0] == "config_read" and len(ask) > 1 and manifest.secrets:
        return False, f"{told}. Of its secrets: {meant(ask[1], manifest.secrets)}"
    if asked:
        return False, f"{told}. It asks for {'; '.join(map(requests.spelled, asked[:5]))}"
    return False, told


def _still(name: str, ask: Request) -> tuple[list[Request], str]:
    """What was granted or agreed to and still takes in `ask`, and what a level gives without that."""
    view = View()
    try:
        found = view.record(name)
    except errors.StoreDamaged:
        found = None
    said = view.policy
    if found is not None and found.current:
        said = said.agreed(name, found.consents)
    own = said.of(name)
    still = [held for held in dict.fromkeys((*own.grants, *own.consents)) if requests.covers(held, ask)]
    manifest = _manifest(name)
    if still or manifest is None or found is None:
        return still, ""
    level = view.release(found.current, name).level
    given = any(requests.covers(own, ask) or requests.covers(ask, own) for own in manifest.requests)
    if given and levels.LEVELS[level]["consent"] == "none":
        return [], f"at level {level}, {name} has all that its manifest asks for"
    return [], ""
