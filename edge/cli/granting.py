"""What a command line says of grants: a manifest that is named, what is told to the audit log."""

from __future__ import annotations

from edge import files, manifest
from edge.cli import output
from edge.operations import run
from edge.text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.limits import Profile
    from edge.manifest import Manifest
    from edge.operations.run import Terms
    from edge.policy.grants import Audit

MAX_WARNINGS = 10
MAX_TOLD = 20


def terms(given: Given, profile: Profile) -> Terms:
    """The terms that options and policy give; talks of a level that is lower than the policy's."""
    found, lowered = run.terms(
        read_manifest(given.get("manifest")),
        profile,
        level=given.get("level", ""),
        secrets=[name for name, _ in given.get("secret", ())],
        audit=_teller(),
    )
    if lowered is not None:
        tell(lowered)
    return found


def _teller() -> Audit:
    """As `tell`, for what a plugin does as often as it likes: only the first are shown."""
    shown = 0

    def tell_some(fact: dict[str, Any]) -> None:
        nonlocal shown
        shown += 1
        if shown <= MAX_TOLD:
            tell(fact)
            return
        if shown == MAX_TOLD + 1:
            output.say("edge: audit: further entries of this call are not shown; see edge audit --log")
        from edge import audit

        audit.append(fact)

    return tell_some


def read_manifest(path: str | None) -> Manifest:
    """The manifest that was named, or one that declares nothing; says what is wrong with it and harmless."""
    if path is None:
        return manifest.NONE
    from edge.manifest.parse import parse

    found = parse(files.read_input(path), strictness=manifest.FOREIGN, file=path)
    tell_warnings(found, path)
    return found


def tell_warnings(found: Manifest, path: str) -> None:
    """What is wrong with a manifest and harmless."""
    for problem in found.warnings[:MAX_WARNINGS]:
        output.say(f"edge: {path}, {plain(str(problem))}")
    if len(found.warnings) > MAX_WARNINGS:
        output.say(f"edge: {path}: {len(found.warnings) - MAX_WARNINGS} more warnings")


def tell(fact: dict[str, Any]) -> None:
    """Puts a fact into the audit log, and says so in one line on standard error."""
    from edge import audit
    from edge.audit.line import shown

    output.say(f"edge: audit: {shown(fact)}")
    audit.append(fact)
