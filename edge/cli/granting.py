"""Grants on the command line: --manifest, --level, and audit events shown on stderr."""

from __future__ import annotations

from edge import files, manifest
from edge.cli import output
from edge.operations import run
from edge.text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments
    from edge.limits import Profile
    from edge.manifest import Manifest
    from edge.operations.run import Terms
    from edge.policy.grants import Audit

MAX_WARNINGS = 10
MAX_EVENTS = 20


def resolve_terms(arguments: Arguments, profile: Profile) -> Terms:
    """The terms from options and policy; reports a level below the policy's."""
    terms, lowered = run.terms(
        read_manifest(arguments.get("manifest")),
        profile,
        level=arguments.get("level", ""),
        secrets=[name for name, _ in arguments.get("secret", ())],
        audit=_teller(),
    )
    if lowered is not None:
        tell(lowered)
    return terms


def _teller() -> Audit:
    """Like `tell`, but shows only the first events: a plugin can cause any number of them."""
    shown = 0

    def tell_some(event: dict[str, Any]) -> None:
        nonlocal shown
        shown += 1
        if shown <= MAX_EVENTS:
            tell(event)
            return
        if shown == MAX_EVENTS + 1:
            output.say("edge: audit: further entries of this call are not shown; see edge audit --log")
        from edge import audit

        audit.append(event)

    return tell_some


def read_manifest(path: str | None) -> Manifest:
    """The manifest in a file, or one that declares nothing; shows its warnings."""
    if path is None:
        return manifest.NONE
    from edge.manifest.parse import parse

    declared = parse(files.read_input(path), strictness=manifest.FOREIGN, file=path)
    tell_warnings(declared, path)
    return declared


def tell_warnings(declared: Manifest, path: str) -> None:
    """Shows the warnings of a manifest."""
    for problem in declared.warnings[:MAX_WARNINGS]:
        output.say(f"edge: {path}, {plain(str(problem))}")
    if len(declared.warnings) > MAX_WARNINGS:
        output.say(f"edge: {path}: {len(declared.warnings) - MAX_WARNINGS} more warnings")


def tell(event: dict[str, Any]) -> None:
    """Appends an event to the audit log and shows it in one line on stderr."""
    from edge import audit
    from edge.audit.line import shown

    output.say(f"edge: audit: {shown(event)}")
    audit.append(event)
