"""`("config_read", "token")`: a secret of the configuration.

The contract's permission `config_read` declares every property of the configuration's schema with `x-secret`.
"""

from __future__ import annotations

from edge.permissions.catalogue import NAME_LIMIT, Permission
from edge.text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.manifest.findings import Declared, Findings
    from edge.permissions.catalogue import Request
    from edge.policy.grants import Grants

NAME = "config_read"


class Secrets(Permission):
    """Secrets of the configuration."""

    name = NAME
    setting = "x-secret of a property, and config_read,"

    def verb(self, use: tuple[str, ...]) -> str:
        return f"read the secret {plain(use[0], NAME_LIMIT)}"

    def declare(self, found: Findings, declared: Declared, own: list[Request]) -> list[Request]:
        place = declared.permissions.get(NAME)
        if place is not None and not declared.has_schema:
            found.careless(place, "config_read without [config_schema] allows any setting, unchecked")
        if declared.secrets and place is None:
            found.careless(("config_schema",), "secrets are declared without the permission config_read")
        if declared.secrets and declared.has_no_import(NAME):
            first = declared.secrets[0]
            found.careless(
                ("config_schema", "properties", first, "x-secret"),
                f"`{first}` is secret, but the component does not import secrets",
            )
        return [] if place is None else [(NAME, name) for name in declared.secrets]


PERMISSION = Secrets()


def allowed_names(allowed: list[list[str]]) -> list[str]:
    """The secrets that may be read, among what is allowed."""
    return [request[1] for request in allowed if request[0] == NAME and len(request) > 1]


def use_of(grants: Grants, name: str) -> str:
    """Whether a plugin may read a secret: `granted`, `denied`, or `none` if it has no such secret.

    Only a plugin with the grant config_read learns which names are `none`. Refusals are audited.
    """
    if grants.permits(NAME, name):
        return "granted"
    own = [request[1] for request in grants.declared if request[0] == NAME]
    if name in own or not grants.configured:
        return "denied"
    return "denied" if own and not any(request[0] == NAME for request in grants.allowed) else "none"
