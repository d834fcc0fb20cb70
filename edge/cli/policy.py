"""`edge policy`: which security level holds, what plugins are granted, what may run with nobody there."""

from __future__ import annotations

from edge import errors
from edge.cli import output, stopping
from edge.cli.consent import agrees
from edge.cli.options import Command, Option
from edge.manifest import RISKS
from edge.operations import policy as permissions
from edge.permissions import levels, requests
from edge.policy import change
from edge.policy import file as policy_file
from edge.policy.model import NOBODY
from edge.store import status
from edge.suggest import meant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge.cli.options import Given
    from edge.policy.model import Policy

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
    "Shows or changes the operator's policy: the security level, and what plugins are granted. Every\n"
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
    "  forget NAME                       drops the level and all grants of a plugin\n\n"
    "Words that begin with a dash stand behind `--`.",
    (Option("yes", "", "consent without being asked"),),
    "edge policy grant weather http_client api.example.org:443",
)


def run(given: Given) -> int:
    """Shows the policy, or what changed."""
    action, *words = given.arguments or [SHOW]
    _check(action, words)
    if action == SHOW:
        from edge.cli import policy_show

        policy_show.show(given, *words)
        return 0
    _confirm(given, action, words)
    before = status.loading()
    fact = {**_change(action, words), "stops": stopping.tell(before)}
    _say_more(fact)
    if fact["plugin"]:
        fact["installed"] = status.is_installed(fact["plugin"])
        if not fact["installed"]:
            later = "; what is said of it holds once it is" if action in ("level", "grant") else ""
            output.say(f"edge: {fact['plugin']} is not installed here{later}")
    if given.get("json"):
        output.document(fact)
    else:
        output.show(_told(fact))
    return 1 if fact.get("still") or (action == "revoke" and fact["remark"]) else 0


def _say_more(fact: dict[str, Any]) -> None:
    """What does not follow from what was asked."""
    if fact.get("remark"):
        output.say(f"edge: {fact['remark']}")
    for ask in fact.get("still", ()):
        held = requests.spelled(tuple(ask))
        output.say(
            f"edge: {fact['plugin']} still has {requests.spelled(tuple(fact['ask']))}, "
            f"which {held} takes in: "
            f"edge policy revoke {fact['plugin']} {held}"
        )


def _check(action: str, words: list[str]) -> None:
    if action not in ACTIONS:
        raise errors.UsageError(f"policy: there is no action `{action}`", meant(action, ACTIONS))
    # The command's own table of arguments, one for each action.
    Command(f"policy {action}", ACTIONS[action], "", (), "").check_count(words)


def _change(action: str, words: Sequence[str]) -> dict[str, Any]:
    first, *rest = words
    if action == "level":
        return change.set_level("" if first == DEVICE else first, *rest)
    if action == "unattended":
        return change.set_unattended(first)
    if action == "grant":
        return permissions.grant(first, tuple(rest))
    if action == "forget":
        return permissions.delete(first)
    return permissions.revoke(first, tuple(rest))


def _confirm(given: Given, action: str, words: Sequence[str]) -> None:
    lowered = _lowered(policy_file.load(), action, words)
    if lowered and not agrees(given, f"{lowered[0].upper()}{lowered[1:]} lets plugins do more. Go on?"):
        raise errors.NeedsConsent(
            f"Nothing was changed: nobody agreed to {lowered}", "Answer yes at a terminal, or give --yes"
        )


def _lowered(said: Policy, action: str, words: Sequence[str]) -> str:
    """What of a change lets plugins do more, empty for nothing; the change itself says what means nothing."""
    first, *rest = words
    if action == "unattended":
        order = (NOBODY, *RISKS)
        raises = first in order and order.index(first) > order.index(said.unattended)
        return f"raising the risk of unattended calls from {said.unattended} to {first}" if raises else ""
    if action not in ("level", "forget"):
        return ""
    plugin = first if action == "forget" else "".join(rest)
    before = said.level_of(plugin) if plugin else said.level
    after = said.level if action == "forget" or first == DEVICE else first
    goes_down = after in levels.LEVELS and levels.is_lower(after, before)
    whose = plugin or "this device"
    return f"lowering the level of {whose} from {before} to {after}" if goes_down else ""


def _told(fact: dict[str, Any]) -> str:
    act, plugin = fact["act"], fact["plugin"] or "this device"
    if act == "unattended":
        return f"unattended calls go up to risk {fact['after']} (before: {fact['before']})"
    if act in ("level", "forget"):
        said = ""
        if act == "forget":
            said = f"nothing {'is said of it any more' if fact['said'] else 'was said of it'}, and "
        return f"{plugin}: {said}level {fact['after']} holds (before: {fact['before']})"
    ask = requests.spelled(tuple(fact["ask"]))
    if act == "grant":
        how = "" if fact["wider"] else ", as it was before"
        return f"{plugin}: {ask} is granted{how if fact['effect'] else ', without effect now'}"
    if not fact["removed"]:
        return f"{plugin}: nothing was changed, {ask} covers no grant and no consent"
    count = fact["removed"]
    return f"{plugin}: {ask} is taken back ({count} grant{'' if count == 1 else 's'})"
