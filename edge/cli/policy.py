"""`edge policy`: security levels, grants of plugins, and the risk of unattended calls."""

from __future__ import annotations

from edge import errors
from edge.cli import output
from edge.cli.consent import agrees
from edge.cli.options import Command, Option
from edge.cli.stopping import tell
from edge.operations import policy
from edge.permissions import requests
from edge.suggest import meant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge.cli.options import Arguments
    from edge.operations.impact import Done

SHOW = "show"
DEVICE = "device"

ACTIONS = {
    SHOW: "[NAME]",
    "level": "LEVEL [NAME]",
    "unattended": "RISK",
    "grant": "NAME CAPABILITY [WORD...]",
    "revoke": "NAME CAPABILITY [WORD...]",
    "forget": "NAME",
}

COMMAND = Command(
    "policy",
    "[ACTION] [WORD...]",
    "Shows or changes the operator's policy: the security level and the grants of plugins. Every\n"
    "change is recorded in the audit log. A lower level and a higher unattended risk need consent at the\n"
    "terminal. NAME may be a plugin that is not installed yet.\n\n"
    "  show [NAME]                       shows the policy, or the level, grants and limits of one plugin\n"
    "  level LEVEL [NAME]                sets the level of this device, or of one plugin: relaxed, default,\n"
    "                                    strict or paranoid; `device` for a plugin: the device's level.\n"
    "                                    Lists the plugins that calls no longer load, as `revoke` does\n"
    "  unattended RISK                   sets the highest risk of unattended calls: none, low, medium, high\n"
    "  grant NAME CAPABILITY [WORD...]   grants a capability, or one item of it (docs/security-levels.md)\n"
    "  revoke NAME CAPABILITY [WORD...]  revokes a grant and every narrower grant it covers; names a wider\n"
    "                                    grant that still covers it, and exits with 1\n"
    "  forget NAME                       removes the level, consents and grants of a plugin\n\n"
    "Write `--` before words that begin with a dash.",
    (Option("yes", "", "consent without being asked"),),
    "edge policy grant weather http_client api.example.org:443",
)


def run(arguments: Arguments) -> int:
    """Shows the policy, or changes it and shows the change."""
    action, *words = arguments.positional or [SHOW]
    _check(action, words)
    if action == SHOW:
        from edge.cli import policy_show

        policy_show.show(arguments, *words)
        return 0
    done = _change(arguments, action, words)
    tell(done)
    if arguments.get("json"):
        output.document(done.facts())
    else:
        output.show(_text(done.event))
    return 1 if done.event.get("still") or (action == "revoke" and done.event["remark"]) else 0


def _check(action: str, words: list[str]) -> None:
    if action not in ACTIONS:
        raise errors.UsageError(f"policy: no such action: `{action}`", meant(action, ACTIONS))
    # Each action has its own arguments.
    Command(f"policy {action}", ACTIONS[action], "", (), "").check_count(words)


def _change(arguments: Arguments, action: str, words: Sequence[str]) -> Done:
    def consent(what: str) -> bool:
        return agrees(arguments, f"{what[0].upper()}{what[1:]} lets plugins do more. Continue?")

    first, *rest = words
    if action == "level":
        return policy.set_level("" if first == DEVICE else first, *rest, consent=consent)
    if action == "unattended":
        return policy.set_unattended(first, consent=consent)
    if action == "forget":
        return policy.delete(first, consent=consent)
    return (policy.grant if action == "grant" else policy.revoke)(first, tuple(rest))


def _text(event: dict[str, Any]) -> str:
    act, plugin = event["act"], event["plugin"] or "this device"
    if act == "unattended":
        return f"the highest risk of unattended calls is {event['after']} (before: {event['before']})"
    if act in ("level", "forget"):
        removed = ""
        if act == "forget":
            removed = f"{'policy removed' if event['said'] else 'there was no policy to remove'}, "
        return f"{plugin}: {removed}level {event['after']} applies (before: {event['before']})"
    request = requests.spelled(tuple(event["ask"]))
    if act == "grant":
        how = "" if event["wider"] else ", as before"
        return f"{plugin}: {request} is granted{how if event['effect'] else ', without effect at present'}"
    if not event["removed"]:
        return f"{plugin}: nothing was changed: {request} covers no grant and no consent"
    count = event["removed"]
    return f"{plugin}: {request} is revoked ({count} grant{'' if count == 1 else 's'})"
