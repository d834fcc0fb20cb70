"""`edge policy show`: shows the policy of the device and all plugins, or of one plugin."""

from __future__ import annotations

from edge.cli import output
from edge.operations import policy_view
from edge.permissions import requests
from edge.policy import grants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments

KEYS = {True: "only keys that the operator added are accepted", False: "every key trusted here is accepted"}


def show(arguments: Arguments, name: str = "") -> None:
    """Shows the policy, or what applies to one plugin."""
    if name:
        _show_plugin(arguments, name)
    else:
        _show_all(arguments)


def _show_all(arguments: Arguments) -> None:
    facts = policy_view.of_device()
    if arguments.get("json"):
        output.document(facts)
        return
    output.answer(f"level       {facts['level']}")
    output.answer(f"unattended  calls up to risk {facts['unattended']}")
    for name, own in facts["plugins"].items():
        level = f"level {own['level']}" if own["level"] else "the level of this device"
        output.answer("")
        output.show(f"{name}: {level}")
        for field, word in (("grants", "granted"), ("consents", "consented to")):
            for request in own[field]:
                output.show(f"  {word} {requests.spelled(tuple(request))}")


def _show_plugin(arguments: Arguments, name: str) -> None:
    facts, ignored = policy_view.of_plugin(name)
    if arguments.get("json"):
        output.document(facts)
        return
    state = facts["state"] or "not installed"
    _row("plugin", f"{name}, {state}{': ' if facts['problem'] else ''}{facts['problem'] or ''}")
    _row("level", f"{facts['level']}, {facts['level_of']}")
    _row("keys", KEYS[facts["keys"] == "operator"])
    _row("unattended", f"calls up to risk {facts['unattended']}")
    for word, field in (("granted", "grants"), ("consented", "consents")):
        for request in facts[field]:
            remark = f" (ignored at level {facts['level']})" if request in ignored else ""
            _row(word, f"{requests.spelled(request)}{remark}")
    for request in facts["allowed"]:
        _row("allowed", requests.spelled(request))
    if facts["limits"]:
        _row("limits", f"{grants.spelled_limits(facts['limits'])} (profile {facts['profile']})")


def _row(name: str, text: str) -> None:
    output.show(f"{name:<11} {text}")
