"""What a plugin may reach: what it imports, and its manifest declares, and the operator's policy allows.

`resolve` joins the manifest and the policy. Imports come in when the plugin is loaded (`check_load`, `rows`),
which refuses an import that nothing was granted for; where a grant depends on arguments, the call is checked
(`check_http` and the others). What is denied, and at level paranoid whatever is used, is told to `audit`, a
dictionary:

    event             denied or used
    plugin, level     whose, and at which security level
    capability        of edge/permissions/imports.py
    target            the host and port, the program, the tool or the secret's name; its beginning
    reason            why it was denied
    arguments_sha256  at level paranoid: of each argument as LENGTH:TEXT, one after another
"""

from __future__ import annotations

from edge.permissions import levels
from edge.permissions.imports import ALWAYS, CAPABILITIES, WHOLE, needed
from edge.permissions.requests import common
from edge.text import BLOCK, plain, shorten, utf8_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from edge.limits import Limits, Profile
    from edge.manifest import Manifest
    from edge.permissions.requests import Ask
    from edge.policy.model import Policy

    Audit = Callable[[dict[str, Any]], object]

FORMAT = 2
NAME_LIMIT = 200
"""Characters that are told of a name which a plugin gave."""

UNDECLARED = "the manifest does not declare it"
SECRETS = "config_read"


class Row:
    """A capability in the three columns, and what comes of them.

    imported  the interfaces that need it
    declared  what the manifest asks of it
    allowed   what of that the policy allows
    granted   whether the plugin gets any of it
    reason    why, or why not
    """

    __slots__ = ("allowed", "capability", "declared", "granted", "imported", "reason")

    def __init__(
        self,
        capability: str,
        imported: list[str],
        declared: tuple[Ask, ...],
        allowed: tuple[Ask, ...],
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
    """What one plugin is granted.

    plugin    its name
    level     the security level that holds for it
    declared  what its manifest asks for
    allowed   what it gets of that
    limits    the limits that hold for it, by their names in `edge.limits`
    configured  whether its manifest has the permission config_read, with or without secrets
    audit     takes facts, None for nobody
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
        self.declared: tuple[Ask, ...] = tuple(map(tuple, declared))
        self.allowed: tuple[Ask, ...] = tuple(map(tuple, allowed))
        self.limits = limits
        self.configured = configured
        self.audit = audit

    def rows(self, imports: Iterable[str]) -> list[Row]:
        """Every capability that is imported or declared."""
        needs = needed(imports)
        asked = {ask[0] for ask in self.declared}
        return [
            self._row(capability, needs.get(capability, []))
            for capability in CAPABILITIES
            if capability in needs or capability in asked
        ]

    def missing(self, imports: Iterable[str]) -> list[Row]:
        """What is imported and not granted, and has no use without a grant: reasons to refuse the plugin."""
        return [
            row
            for row in self.rows(imports)
            if row.imported and not row.granted and CAPABILITIES[row.capability] == WHOLE
        ]

    def check_load(self, imports: Iterable[str]) -> None:
        """Raises `errors.NotGranted` for a plugin that has something missing."""
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

    def permits(self, capability: str, *words: str) -> bool:
        """Whether one use of a capability is allowed; tells the audit, raises nothing."""
        allowed = any(_matches(ask, words) for ask in self.allowed if ask[0] == capability)
        target = words[0] if words else ""
        if capability == "http_client":
            target = ":".join(shorten(word, NAME_LIMIT) for word in words)
        if not allowed:
            declared = any(_matches(ask, words) for ask in self.declared if ask[0] == capability)
            reason = _why_not(capability, self.level) if declared else UNDECLARED
            self._tell("denied", capability, words, target, reason)
        elif levels.LEVELS[self.level]["digests"]:
            self._tell("used", capability, words, target, "")
        return allowed

    def check_http(self, host: str, port: int) -> None:
        """Raises `errors.Denied` where the plugin may not send a request there; looks up no address."""
        # One that is too long is nobody's, whatever its spelling.
        name = host.lower() if host.isascii() and len(host) <= NAME_LIMIT else host
        if not self.permits("http_client", name, str(port)):
            self._deny(f"may not reach {plain(host, NAME_LIMIT)}:{port}", "hosts of [edge.http]")

    def check_cli(self, argv: Iterable[str]) -> None:
        """Raises `errors.Denied` where the plugin may not start this program with these arguments."""
        words = tuple(argv)
        if not words or not self.permits("cli", *words):
            program = plain(words[0], NAME_LIMIT) if words else "nothing"
            self._deny(f"may not run {program} with these arguments", "[[edge.cli]]")

    def check_delegate(self, target: str) -> None:
        """Raises `errors.NotDelegated` where the plugin may not call the tool `plugin/tool`."""
        if not self.permits("delegate", target):
            from edge import errors

            raise errors.NotDelegated(f"{self.plugin} may not call {plain(target, NAME_LIMIT)}")

    def check_secret(self, name: str) -> None:
        """Raises `errors.Denied` where the plugin may not read a secret."""
        if not self.permits("config_read", name):
            self._deny(
                f"may not read the secret {plain(name, NAME_LIMIT)}",
                "x-secret of a property, and config_read,",
            )

    def secret_use(self, name: str) -> str:
        """Whether the plugin may read a secret: `granted`, `denied`, or `none` where it has no such secret.

        Only a plugin that is granted config_read learns which names are none. What it does not get is told to
        the audit.
        """
        if self.permits(SECRETS, name):
            return "granted"
        own = [ask[1] for ask in self.declared if ask[0] == SECRETS]
        if name in own or not self.configured:
            return "denied"
        return "denied" if own and not any(ask[0] == SECRETS for ask in self.allowed) else "none"

    def check_use(self, capability: str) -> None:
        """Raises `errors.Denied` where the plugin may not use a capability that has no arguments to check."""
        if not self.permits(capability):
            self._deny(f"may not use {capability}", f"what {capability} needs")

    def delegates(self) -> tuple[str, ...]:
        """The tools of other plugins that the plugin may call, each as `plugin/tool`."""
        return tuple(ask[1] for ask in self.allowed if ask[0] == "delegate")

    def kv_quota(self) -> int:
        """Bytes that the plugin may store; 0 for none."""
        return max((int(ask[1]) for ask in self.allowed if ask[0] == "kv"), default=0)

    def call_limits(self, base: Limits) -> Limits:
        """The limits of a call; what a plugin can't ask for is taken from `base`."""
        return base.within(self.limits)

    def compiled(self) -> dict[str, Any]:
        """Plain data for `from_compiled`, good for as long as manifest, policy and profile stay the same."""
        return {
            "format": FORMAT,
            "plugin": self.plugin,
            "level": self.level,
            "declared": [list(ask) for ask in self.declared],
            "allowed": [list(ask) for ask in self.allowed],
            "limits": dict(self.limits),
            "configured": self.configured,
        }

    @classmethod
    def from_compiled(cls, data: dict[str, Any], audit: Audit | None = None) -> Grants:
        """The grants that `compiled` was called on. Nothing is checked: whoever kept the data answers for it.

        Raises `errors.Damaged` for data of another format.
        """
        parts = dict(data)
        if parts.pop("format", None) != FORMAT:
            from edge import errors

            raise errors.Damaged("compiled grants are of another format", "Install the plugin again")
        return cls(**parts, audit=audit)

    def _row(self, capability: str, imported: list[str]) -> Row:
        declared = tuple(ask for ask in self.declared if ask[0] == capability)
        allowed = tuple(ask for ask in self.allowed if ask[0] == capability)
        always = CAPABILITIES[capability] == ALWAYS
        granted = bool(imported and (always or allowed))
        reason = self._reason(capability, imported, declared, allowed)
        return Row(capability, imported, declared, allowed, granted, reason)

    def _reason(
        self, capability: str, imported: list[str], declared: tuple[Ask, ...], allowed: tuple[Ask, ...]
    ) -> str:
        if CAPABILITIES[capability] == ALWAYS:
            return "every plugin has it"
        if capability == "unknown":
            return "Edge has no such interface"
        if not imported:
            return "the component does not import it"
        if not declared:
            return UNDECLARED
        if not allowed:
            return _why_not(capability, self.level)
        if set(declared) - set(allowed):
            return f"not all that is declared: {_why_not(capability, self.level)}"
        return (
            "nobody was asked" if levels.LEVELS[self.level]["consent"] == "none" else "declared and allowed"
        )

    def _deny(self, what: str, setting: str) -> None:
        from edge import errors

        raise errors.Denied(
            f"{self.plugin} {what}", f"Its manifest has to say so ({setting}) and the operator to grant it"
        )

    def _tell(self, event: str, capability: str, words: tuple[str, ...], target: str, reason: str) -> None:
        if self.audit is None:
            return
        fact = {
            "event": event,
            "plugin": self.plugin,
            "level": self.level,
            "capability": capability,
            "target": shorten(target, NAME_LIMIT),
        }
        if reason:
            fact["reason"] = reason
        if levels.LEVELS[self.level]["digests"]:
            fact["arguments_sha256"] = digest(words)
        self.audit(fact)


def resolve(
    manifest: Manifest,
    policy: Policy,
    *,
    profile: Profile,
    name: str = "",
    level: str = "",
    audit: Audit | None = None,
) -> Grants:
    """What a plugin is granted.

    `name`: whom the policy knows it as, by default its manifest's name. `level`: instead of the policy's; the
    manifest's own level holds where it is stricter. `audit` takes a fact for every denial.
    """
    name = name or manifest.name
    level = level or policy.level_of(name)
    if manifest.level:
        level = levels.stricter(level, manifest.level)
    accepted = policy.accepted(name, level)
    allowed = manifest.asks if accepted is None else common(manifest.asks, accepted)
    allowed = tuple(ask for ask in allowed if not _excluded(ask, level))
    limits = _limits(manifest, allowed, levels.free_limits(level, profile))
    configured = SECRETS in manifest.permissions
    return Grants(name, level, manifest.asks, allowed, limits, audit, configured=configured)


def spelled_limits(limits: dict[str, float]) -> str:
    """Limits in one line."""
    return ", ".join(
        f"{name} {amount:g}" if amount < 1e6 else f"{name} {amount:.0f}" for name, amount in limits.items()
    )


def digest(words: Iterable[str]) -> str:
    """SHA-256 of arguments, in hexadecimal digits: no two lists have the same text."""
    import hashlib

    found = hashlib.sha256()
    for word in words:
        found.update(b"%d:" % utf8_length(word))
        for at in range(0, len(word), BLOCK):
            found.update(word[at : at + BLOCK].encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _limits(manifest: Manifest, allowed: tuple[Ask, ...], free: dict[str, float]) -> dict[str, float]:
    """What was asked for as far as it is free or allowed; what is free where nothing was."""
    limits = {}
    asked = manifest.limits
    for name, amount in free.items():
        granted = [float(ask[2]) for ask in allowed if ask[:2] == ("limits", name)]
        most = levels.MOST_OF.get(name, levels.MOST)
        limits[name] = min(asked.get(name, amount), max([amount, *granted]), most)
    return limits


def _excluded(ask: Ask, level: str) -> bool:
    """What a level has nobody grant."""
    rules = levels.LEVELS[level]
    if ask[0] == "http_client":
        return "*" in ask[1] and not rules["wildcard_hosts"]
    return (ask[0] == "cli" and not rules["cli"]) or (ask[0] == "delegate" and not rules["delegation"])


def _why_not(capability: str, level: str) -> str:
    rules = levels.LEVELS[level]
    if capability == "cli" and not rules["cli"]:
        return f"level {level} starts no programs"
    if capability == "delegate" and not rules["delegation"]:
        return f"level {level} has no delegation"
    if rules["consent"] == "install":
        return "the operator has not consented"
    hosts = ", host by host" if capability == "http_client" and not rules["wildcard_hosts"] else ""
    return f"level {level} wants a grant of the operator's{hosts}"


def _matches(ask: Ask, words: tuple[str, ...]) -> bool:
    """Whether what is allowed takes in one use."""
    if ask[0] == "http_client":
        from edge.permissions.patterns import host_matches

        return len(words) == 2 and host_matches(ask[1], words[0], int(words[1]))
    if ask[0] == "cli":
        from edge.permissions.patterns import argument_matches

        return (
            len(ask) - 1 == len(words)
            and ask[1] == words[0]
            and all(map(argument_matches, ask[2:], words[1:]))
        )
    return not words or ask[1:] == words
