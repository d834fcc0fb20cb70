"""The terms of a plugin that runs from its file without installation: manifest, level and policy."""

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
    """The terms of a plugin.

    manifest  its declarations; empty without a manifest
    policy    the operator's policy
    grants    the grants that follow from both
    """

    __slots__ = ("grants", "manifest", "policy")

    def __init__(self, declared: Manifest, policy: Policy, granted: Grants) -> None:
        self.manifest = declared
        self.policy = policy
        self.grants = granted

    def trusted(self) -> bytes:
        """The keys that this level accepts, as text (edge.trust)."""
        return trust.text(operator_only=levels.operator_only(self.grants.level))

    def check_unattended(self, plugin: Plugin, named: Iterable[str]) -> None:
        """Raises `errors.Denied` if the risk of the named tool, or of any without one, is too high."""
        for tool in named or [offered["name"] for offered in plugin.tools]:
            self.policy.check_unattended(plugin.name, self.manifest.tool(tool))

    def check_source(self, file: str, imports: list[str], unattended: Iterable[str] = ()) -> None:
        """Checks grants, trust and a tool's risk before a component is compiled.

        `unattended`: tools of unattended calls.
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
        """Counts a call among all running calls of this device; raises the same as `Admission.admit`."""
        if self.grants.plugin:
            return admit(here(), self.grants.plugin, limits, self.grants.limits)
        admission = Admission(Counters(), here())
        if plugin.description.get("plugin"):
            return admission.admit(plugin.name, limits)
        # Other plugins may have the same file name, so only the memory of calls is limited.
        return admission.admit(NAMELESS, limits, concurrent=0, per_minute=0)


def terms(
    declared: Manifest, profile: Profile, *, level: str = "", secrets: Iterable[str] = (), audit: Audit
) -> tuple[Terms, dict[str, Any] | None]:
    """The terms from a manifest and the policy, and an audit event if the level is below the policy's.

    `level`: replaces the policy's. `secrets`: names of the secrets passed to the plugin. `audit`: takes
    denials.
    """
    policy = policy_file.load()
    # Passing a secret is consent to reading it.
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
    """Sets remedies that name the file and its signer.

    For a plugin without tools, raises that error instead: its missing imports would hide the cause.
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
