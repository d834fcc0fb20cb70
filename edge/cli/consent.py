"""Asks the operator for consent to permission requests."""

from __future__ import annotations

import posix

from edge.cli import output
from edge.manifest import UNKNOWN_RISK
from edge.permissions import requests
from edge.store.consent import Agreed
from edge.text import plain, quoted, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.cli.options import Arguments
    from edge.manifest import Problem
    from edge.permissions import catalogue
    from edge.store.consent import Consent, Request

STDIN = 0
YES = ("y", "yes")
ENOUGH = 64
TIMEOUT_MS = 60_000

DESCRIPTION_LIMIT = 120
ADOPTED = "is adopted: its author did not pack and sign it"
MAX_WARNINGS = 10
"""Maximum shown warnings: a manifest must not push its requests off the screen."""


def consent_of(arguments: Arguments) -> Consent:
    """Shows the request and asks for consent; `--yes` shows it and consents."""
    if arguments.get("yes"):
        return Agreed(show)

    def agree(request: Request) -> bool:
        show(request)
        return agrees(arguments, "Agree?")

    return agree


def agrees(arguments: Arguments, question: str) -> bool:
    """Whether `--yes` or a person at the terminal consents; false without a terminal."""
    if arguments.get("yes"):
        return True
    if not (posix.isatty(STDIN) and posix.isatty(output.STDERR)):
        return False
    _drop_typed()
    output.say(f"{question} [y/N] ", end="")
    if not _is_answered():
        output.draw("\n")
        output.say("edge: no answer")
        return False
    answer = posix.read(STDIN, ENOUGH).decode("utf-8", "replace")
    return answer.strip().lower() in YES


def _drop_typed() -> None:
    """Drops input typed before the question was shown."""
    import termios
    from contextlib import suppress

    with suppress(termios.error):
        termios.tcflush(STDIN, termios.TCIFLUSH)


def _is_answered() -> bool:
    """Waits a minute for an answer: a terminal may be unattended."""
    import select

    poll = select.poll()
    poll.register(STDIN, select.POLLIN)
    return bool(poll.poll(TIMEOUT_MS))


def show(request: Request) -> None:
    """Shows a request on stderr."""
    manifest = request.manifest
    description = manifest.fields.get("description")
    about = f": {quoted(description, DESCRIPTION_LIMIT)}" if description else ""
    output.say(f"{manifest.name} {word(manifest.version)}{about}")
    show_warnings(manifest.warnings)
    if request.adopted:
        output.say(f"  {ADOPTED}")
    if request.remote:
        output.say("  comes from another machine")
    if request.signer:
        output.say(
            f"  is signed by another key than before: {request.signer} instead of {request.signer_before}"
        )
    refused = request.refused()
    note = f" (not granted at level {request.grants.level})"
    for change in request.changes:
        remark = note if change.wider and change.request in refused else ""
        output.say(f"  {'+ WIDER' if change.wider else '-'} {change.what}{remark}")
    # For a new signer all requests are shown: it would inherit what the previous one was granted.
    if request.signer or not request.changes:
        _show_all(request, refused, note)


def show_warnings(warnings: Sequence[Problem]) -> None:
    """Shows the warnings of a manifest."""
    for problem in warnings[:MAX_WARNINGS]:
        output.say(f"  warning: its manifest, {plain(str(problem))}")
    if len(warnings) > MAX_WARNINGS:
        output.say(f"  warning: its manifest has {len(warnings) - MAX_WARNINGS} more")


def show_misfit(misfit: tuple[str, str] | None) -> None:
    """Reports that no call of a plugin fits on this machine, with a remedy (edge/store/fitting.py)."""
    if misfit is not None:
        output.say(f"edge: {misfit[0]}")
        output.say(f"      {misfit[1]}")


def _show_all(request: Request, refused: set[catalogue.Request], note: str) -> None:
    """Shows all requests of a plugin and the declared risks of its tools."""
    manifest = request.manifest
    shown = {change.request for change in request.changes if change.wider}
    for item in manifest.requests:
        if item not in shown:
            output.say(f"  requests {requests.spelled(item)}{note if item in refused else ''}")
    if not manifest.requests:
        output.say("  requests nothing beyond the default permissions")
    for tool, risk in manifest.risks.items():
        if risk != UNKNOWN_RISK:
            output.say(f"  declares {risk} risk for {word(tool)}")
