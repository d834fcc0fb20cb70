"""What a command line says of grants: a manifest that is named, what is told to the audit log."""

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
    """The terms that options and policy give; talks of a level that is lower than the policy's."""
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
    """As `tell`, for what a plugin does as often as it likes: only the first are shown."""
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
    """The manifest that was named, or one that declares nothing; says what is wrong with it and harmless."""
    if path is None:
        return manifest.NONE
    from edge.manifest.parse import parse

    declared = parse(files.read_input(path), strictness=manifest.FOREIGN, file=path)
    tell_warnings(declared, path)
    return declared


def tell_warnings(declared: Manifest, path: str) -> None:
    """What is wrong with a manifest and harmless."""
    for problem in declared.warnings[:MAX_WARNINGS]:
        output.say(f"edge: {path}, {plain(str(problem))}")
    if len(declared.warnings) > MAX_WARNINGS:
        output.say(f"edge: {path}: {len(declared.warnings) - MAX_WARNINGS} more warnings")


def tell(event: dict[str, Any]) -> None:
    """Puts a fact into the audit log, and says so in one line on standard error."""
    from edge import audit
    from edge.audit.line import shown

    output.say(f"edge: audit: {shown(event)}")
    audit.append(event)
