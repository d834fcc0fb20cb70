"""On which terms a plugin runs from its file, with no installation: manifest, level and policy together."""

from __future__ import annotations

from edge import errors, trust
from edge.limits import NAMELESS, here
from edge.limits.admission import Admission, Counters, admit
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.policy import grants
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from edge.limits import Limits, Profile
    from edge.limits.admission import Slot
    from edge.manifest import Manifest
    from edge.policy.grants import Audit, Grants
    from edge.policy.model import Policy
    from edge.runtime import Plugin

SECRETS = "config_read"


class Terms:
    """On which terms a plugin runs.

    manifest  what it declares, nothing where none was given
    policy    what the operator allows
    grants    what comes of both
    """

    __slots__ = ("grants", "manifest", "policy")

    def __init__(self, declared: Manifest, policy: Policy, granted: Grants) -> None:
        self.manifest = declared
        self.policy = policy
        self.grants = granted

    def trusted(self) -> bytes:
        """Whose signatures count at this level (edge.trust)."""
        return trust.text(operator_only=levels.operator_only(self.grants.level))

    def check_unattended(self, plugin: Plugin, named: Iterable[str]) -> None:
        """Raises `errors.Denied` for a tool of too high a risk: the one that is named, or any there is."""
        for tool in named or [offered["name"] for offered in plugin.tools]:
            self.policy.check_unattended(plugin.name, self.manifest.tool(tool))

    def check_source(self, file: str, imports: list[str], unattended: Iterable[str] = ()) -> None:
        """Raises before a component is compiled what can be known by then: grants, trust, a tool's risk.

        `unattended`: tools that are to be called with nobody there.
        """
        from edge.trust import key_file

        self.grants.check_load(imports)
        only = levels.operator_only(self.grants.level)
        own = key_file.local_public()
        if (own or only) and own not in [entry.public for entry in held.entries(operator_only=only)]:
            from edge.trust import edit

            why, remedy = "was revoked here", "If that was a mistake: `edge key trust local --again`"
            if own is None or own.hex() not in [digits for _, digits, _, _ in edit.revocations()]:
                why = "the operator did not add; this security level accepts no other keys"
                remedy = "`edge key trust local` adds it"
            raise errors.Untrusted(
                f"{file}: it would be signed with this machine's own key, which {why}", remedy
            )
        for tool in unattended:
            self.policy.check_unattended(self.grants.plugin or file, self.manifest.tool(tool))

    def admit(self, plugin: Plugin, limits: Limits) -> Slot:
        """Counts a call among all that this device has under way; raises as `Admission.admit`."""
        if self.grants.plugin:
            return admit(here(), self.grants.plugin, limits, self.grants.limits)
        admission = Admission(Counters(), here())
        if plugin.description.get("plugin"):
            return admission.admit(plugin.name, limits)
        # A file's name is not the plugin's, others may have the same: only the memory of calls is limited.
        return admission.admit(NAMELESS, limits, concurrent=0, per_minute=0)


def terms(
    declared: Manifest, profile: Profile, *, level: str = "", secrets: Iterable[str] = (), audit: Audit
) -> tuple[Terms, dict[str, Any] | None]:
    """The terms that a manifest and the policy give.

    `level`: instead of the policy's. `secrets`: names of those that are handed over. `audit`: takes what is
    denied. The second answer is what the audit log is to have where the level is lower than the policy's.
    """
    policy = policy_file.load()
    # Whoever hands over a secret agrees that it is read.
    agreed = [(SECRETS, name) for name in secrets]
    policy = policy.agreed(declared.name, [request for request in agreed if request in declared.requests])
    granted = grants.resolve(declared, policy, profile=profile, level=level, audit=audit)
    usual = policy.level_of(granted.plugin)
    lowered = None
    if levels.is_lower(granted.level, usual):
        lowered = {
            "event": "level",
            "plugin": granted.plugin,
            "before": usual,
            "after": granted.level,
            "lowered": True,
        }
    return Terms(declared, policy, granted), lowered


def explain_load(error: Exception, code: int, path: str) -> None:
    """Says first that there is nothing to run, of a plugin without a tool: it imports what only it needs.

    Remedies name the file and who signed it.
    """
    from edge import _native as native
    from edge import contract, files
    from edge.package import is_package
    from edge.suggest import shell
    from edge.trust.advice import advise

    name, shown = files.base_name(path), shell(path if "/" in path else f"./{path}")
    advise(error, lambda: native.describe_artifact(code, name)[0])
    if isinstance(error, errors.NotArtifact) and is_package(code):
        error.remedy = (
            f"`edge install {shown}`, then `edge call NAME JSON`; `edge inspect {shown}` shows the name"
        )
    if isinstance(error, errors.MissingImport):
        exports = native.describe_artifact(code, name)[0]["exports"]
        if any(export.startswith(contract.PREFIX) for export in exports):
            from edge.runtime.tool_errors import refuse_toolless

            refuse_toolless(name, exports)
