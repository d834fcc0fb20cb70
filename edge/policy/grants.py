"""What a plugin may reach: what it imports, its manifest declares and the operator's policy allows.

`resolve` joins the manifest and the policy. When a plugin is loaded (`check_load`, `rows`), an import without
a grant is refused; where a grant depends on arguments, each call is checked (`check`). Denials, and at level
paranoid all uses, are passed to `audit` as a dictionary:

    event             denied or used
    plugin, level     the plugin, and its security level
    capability        of edge/permissions/catalogue.py
    target            the host and port, the program, the tool or the secret's name; its beginning
    reason            why it was denied
    arguments_sha256  at level paranoid: of each argument as LENGTH:TEXT, one after another
"""

from __future__ import annotations

from edge.permissions import levels
from edge.permissions.catalogue import (
    ALWAYS,
    CATALOGUE,
    NAME_LIMIT,
    NEVER,
    UNKNOWN,
    WHOLE,
    capability,
    needed,
    permission,
)
from edge.text import BLOCK, shorten, utf8_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from edge.limits import Limits, Profile
    from edge.manifest import Manifest
    from edge.permissions.catalogue import Request
    from edge.policy.model import Policy

    Audit = Callable[[dict[str, Any]], object]

FORMAT = 2
UNDECLARED = "the manifest does not declare it"
CONFIGURATION = "config_read"
"""The contract's permission that gives a plugin its configuration."""


class Row:
    """A capability in the three columns, and the result.

    imported  the interfaces that need it
    declared  what the manifest requests of it
    allowed   what of that the policy allows
    granted   whether the plugin gets any of it
    reason    why, or why not
    """

    __slots__ = ("allowed", "capability", "declared", "granted", "imported", "reason")

    def __init__(
        self,
        capability: str,
        imported: list[str],
        declared: tuple[Request, ...],
        allowed: tuple[Request, ...],
        granted: bool,
        reason: str,
    ) -> None:
        self.capability = capability
        self.imported = imported
        self.declared = declared
        self.allowed = allowed
        self.granted = granted
        self.reason = reason


class Grants:
    """The grants of one plugin.

    plugin    its name
    level     the security level that holds for it
    declared  the requests of its manifest
    allowed   what it gets of that
    limits    the limits that hold for it, by their names in `edge.limits`
    configured  whether its manifest has the permission config_read, with or without secrets
    audit     takes events; None for no audit
    """

    __slots__ = ("allowed", "audit", "configured", "declared", "level", "limits", "plugin")

    def __init__(
        self,
        plugin: str,
        level: str,
        declared: Iterable[Iterable[str]],
        allowed: Iterable[Iterable[str]],
        limits: dict[str, float],
        audit: Audit | None = None,
        *,
        configured: bool = False,
    ) -> None:
        self.plugin = plugin
        self.level = level
        self.declared: tuple[Request, ...] = tuple(map(tuple, declared))
        self.allowed: tuple[Request, ...] = tuple(map(tuple, allowed))
        self.limits = limits
        self.configured = configured
        self.audit = audit

    def rows(self, imports: Iterable[str]) -> list[Row]:
        """Every capability that is imported or declared."""
        needs = needed(imports)
        asked = {request[0] for request in self.declared}
        return [
            self._row(row.name, needs.get(row.name, []))
            for row in CATALOGUE
            if row.refused != NEVER and (row.name in needs or row.name in asked)
        ]

    def missing(self, imports: Iterable[str]) -> list[Row]:
        """Imports that are not granted and have no use without a grant: reasons to refuse the plugin."""
        return [
            row
            for row in self.rows(imports)
            if row.imported and not row.granted and capability(row.capability).refused == WHOLE
        ]

    def check_load(self, imports: Iterable[str]) -> None:
        """Raises `errors.NotGranted` if a required grant is missing."""
        missing = self.missing(imports)
        if not missing:
            return
        for row in missing:
            self._tell("denied", row.capability, (), ", ".join(row.imported), row.reason)
        from edge import errors

        listed = "; ".join(
            f"{', '.join(row.imported)} needs {row.capability}: {row.reason}" for row in missing
        )
        raise errors.NotGranted(f"{self.plugin}: {listed}")

    def permits(self, name: str, *words: str) -> bool:
        """Whether one use of a capability is allowed. Audits it; raises nothing."""
        own = permission(name)
        use = own.normal(words)
        allowed = any(own.matches(request, use) for request in self.allowed if request[0] == name)
        if not allowed:
            declared = any(own.matches(request, use) for request in self.declared if request[0] == name)
            reason = self._why_not(name) if declared else UNDECLARED
            self._tell("denied", name, use, own.target(use), reason)
        elif levels.LEVELS[self.level]["digests"]:
            self._tell("used", name, use, own.target(use), "")
        return allowed

    def check(self, name: str, *words: str) -> None:
        """Raises `errors.Denied` if a use of a capability is not allowed.

        `words`: host and port, the program and its arguments, the name of a secret, or `plugin/tool`, which
        raises `errors.NotDelegated` instead. No address is looked up.
        """
        if not self.permits(name, *words):
            raise permission(name).denied(self.plugin, words)

    def call_limits(self, base: Limits) -> Limits:
        """The limits of a call; what a plugin can't request for is taken from `base`."""
        return base.within(self.limits)

    def compiled(self) -> dict[str, Any]:
        """Plain data for `from_compiled`, valid as long as manifest, policy and profile stay the same."""
        return {
            "format": FORMAT,
            "plugin": self.plugin,
            "level": self.level,
            "declared": [list(request) for request in self.declared],
            "allowed": [list(request) for request in self.allowed],
            "limits": dict(self.limits),
            "configured": self.configured,
        }

    @classmethod
    def from_compiled(cls, data: dict[str, Any], audit: Audit | None = None) -> Grants:
        """The grants that `compiled` was called on. Checks nothing: the data must be trustworthy.

        Raises `errors.Damaged` for data of another format.
        """
        parts = dict(data)
        if parts.pop("format", None) != FORMAT:
            from edge import errors

            raise errors.Damaged("the compiled grants have another format", "Install the plugin again")
        return cls(**parts, audit=audit)

    def _row(self, name: str, imported: list[str]) -> Row:
        declared = tuple(request for request in self.declared if request[0] == name)
        allowed = tuple(request for request in self.allowed if request[0] == name)
        granted = bool(imported and (capability(name).refused == ALWAYS or allowed))
        return Row(
            name, imported, declared, allowed, granted, self._reason(name, imported, declared, allowed)
        )

    def _reason(
        self, name: str, imported: list[str], declared: tuple[Request, ...], allowed: tuple[Request, ...]
    ) -> str:
        if capability(name).refused == ALWAYS:
            return "every plugin has it"
        if name == UNKNOWN:
            return "Edge has no such interface"
        if not imported:
            return "the component does not import it"
        if not declared:
            return UNDECLARED
        if not allowed:
            return self._why_not(name)
        if set(declared) - set(allowed):
            return f"only part of what is declared: {self._why_not(name)}"
        return (
            "no consent is needed"
            if levels.LEVELS[self.level]["consent"] == "none"
            else "declared and allowed"
        )

    def _why_not(self, name: str) -> str:
        """Why what is declared is not allowed."""
        own = permission(name)
        if own.levels is not None and self.level not in own.levels:
            return own.why_excluded(self.level)
        if levels.LEVELS[self.level]["consent"] == "install":
            return "the operator has not consented"
        return f"level {self.level} requires a grant by the operator{own.hint(self.level)}"

    def _tell(self, kind: str, capability: str, words: tuple[str, ...], target: str, reason: str) -> None:
        if self.audit is None:
            return
        event = {
            "event": kind,
            "plugin": self.plugin,
            "level": self.level,
            "capability": capability,
            "target": shorten(target, NAME_LIMIT),
        }
        if reason:
            event["reason"] = reason
        if levels.LEVELS[self.level]["digests"]:
            event["arguments_sha256"] = digest(words)
        self.audit(event)


def resolve(
    manifest: Manifest,
    policy: Policy,
    *,
    profile: Profile,
    name: str = "",
    level: str = "",
    audit: Audit | None = None,
) -> Grants:
    """The grants of a plugin.

    `name`: its name in the policy, by default its manifest's. `level`: instead of the policy's; the
    manifest's own level applies if it is stricter. `audit` takes an event for every denial.
    """
    from edge.permissions.requests import common

    name = name or manifest.name
    level = level or policy.level_of(name)
    if manifest.level:
        level = levels.stricter(level, manifest.level)
    accepted = policy.accepted(name, level)
    allowed = manifest.requests if accepted is None else common(manifest.requests, accepted)
    allowed = tuple(request for request in allowed if not permission(request[0]).excludes(request, level))
    limits = _limits(manifest, allowed, levels.free_limits(level, profile))
    configured = CONFIGURATION in manifest.permissions
    return Grants(name, level, manifest.requests, allowed, limits, audit, configured=configured)


def spelled_limits(limits: dict[str, float]) -> str:
    """Limits on one line."""
    return ", ".join(
        f"{name} {amount:g}" if amount < 1e6 else f"{name} {amount:.0f}" for name, amount in limits.items()
    )


def digest(words: Iterable[str]) -> str:
    """SHA-256 of arguments, in hexadecimal digits; different lists have different texts."""
    import hashlib

    found = hashlib.sha256()
    for word in words:
        found.update(b"%d:" % utf8_length(word))
        for at in range(0, len(word), BLOCK):
            found.update(word[at : at + BLOCK].encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _limits(manifest: Manifest, allowed: tuple[Request, ...], free: dict[str, float]) -> dict[str, float]:
    """The requested limits as far as they are free or allowed; the free ones where none was requested."""
    from edge.permissions import amounts

    limits = {}
    asked = manifest.limits
    for name, amount in free.items():
        granted = [float(request[2]) for request in allowed if request[:2] == ("limits", name)]
        most = amounts.MAX_OF.get(name, amounts.MAX)
        limits[name] = min(asked.get(name, amount), max([amount, *granted]), most)
    return limits
