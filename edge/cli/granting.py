"""What a command line says of grants: a manifest, a security level, whether somebody is there."""

from __future__ import annotations

from edge import files, manifest, trust
from edge.cli import output
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.policy import grants
from edge.text import plain
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.limits import Profile
    from edge.manifest import Manifest
    from edge.policy.grants import Audit, Grants
    from edge.policy.model import Policy
    from edge.runtime.plugin import Plugin

MAX_WARNINGS = 10
MAX_TOLD = 20


class Terms:
    """On which terms a plugin runs.

    manifest  what it declares, nothing where none was given
    policy    what the operator allows
    grants    what comes of both
    """

    __slots__ = ("grants", "manifest", "policy")

    def __init__(self, declared: Manifest, said: Policy, granted: Grants) -> None:
        self.manifest = declared
        self.policy = said
        self.grants = granted

    def trusted(self) -> bytes:
        """Whose signatures count at this level (edge.trust)."""
        return trust.text(operator_only=levels.operator_only(self.grants.level))

    def check_unattended(self, given: Given, plugin: Plugin, named: list[str]) -> None:
        """With --unattended, refuses a tool of too high a risk: the one that is named, or any there is."""
        if not given.get("unattended"):
            return
        for tool in named or [offered["name"] for offered in plugin.tools]:
            self.policy.check_unattended(plugin.name, self.manifest.tool(tool))

    def check_source(self, given: Given, file: str, imports: list[str], named: list[str]) -> None:
        """Raises before a component is compiled what can be known by then: grants, trust, a tool's risk."""
        from edge import errors
        from edge.trust import key_file

        self.grants.check_load(imports)
        only = levels.operator_only(self.grants.level)
        own = key_file.local_public()
        if (own or only) and own not in [entry.public for entry in held.entries(operator_only=only)]:
            why = "was revoked here"
            if only:
                why = "the operator did not add, and at this security level no other key counts"
            raise errors.Untrusted(f"{file}: it would be signed with this machine's own key, which {why}")
        if given.get("unattended"):
            for tool in named:
                self.policy.check_unattended(self.grants.plugin or file, self.manifest.tool(tool))


def terms(given: Given, profile: Profile) -> Terms:
    """The terms that options and policy give; talks of a level that is lower than the policy's."""
    declared = read_manifest(given.get("manifest"))
    said = policy_file.load()
    # Whoever hands over a secret agrees that it is read.
    secrets = [("config_read", name) for name, _ in given.get("secret", ())]
    said = said.agreed(declared.name, [ask for ask in secrets if ask in declared.requests])
    granted = grants.resolve(declared, said, profile=profile, level=given.get("level", ""), audit=_teller())
    usual = said.level_of(granted.plugin)
    if levels.is_lower(granted.level, usual):
        tell(
            {
                "event": "level",
                "plugin": granted.plugin,
                "before": usual,
                "after": granted.level,
                "lowered": True,
            }
        )
    return Terms(declared, said, granted)


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
            output.say("edge: audit: more of this call is not shown; edge audit --log has what is kept")
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
