"""zeroclaw:plugin/secrets: configuration values that are never part of `__config`."""

from __future__ import annotations

from edge.interfaces import Interface

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.interfaces import Context, Values
    from edge.policy.grants import Grants
    from edge.runtime.call import Call

NAME = "zeroclaw:plugin/secrets@0.1.0"
"""edge.contract.SECRETS."""

SERVED_TO = "zeroclaw:plugin/tool@0.1.0#execute"
"""The only function during which secrets are available: others run without a caller."""

UNAVAILABLE, DENIED, NOT_FOUND = "unavailable", "access-denied", "not-found"
"""Called outside a call of the tool; not granted; not set, not secret or not declared."""


class Secrets(Interface):
    """The secrets of one plugin: values by name, None for a secret that is known and not set.

    With `grants`, only those that the plugin is granted.
    """

    __slots__ = ("_grants", "_values")

    def __init__(self, values: Values, grants: Grants | None = None) -> None:
        super().__init__(NAME, {"get": self._get})
        self._values = values
        self._grants = grants

    def _get(self, call: Call, name: str) -> tuple[tuple[str, Any]]:
        # Grants are checked for every name, so that the audit log has unknown names as well.
        use = "granted"
        if self._grants is not None:
            from edge.permissions.secrets import use_of

            use = use_of(self._grants, name)
        if call.function != SERVED_TO:
            return (("err", UNAVAILABLE),)
        if use == "denied":
            return (("err", DENIED),)
        value = self._values[name] if use == "granted" and name in self._values else None
        return (("err", NOT_FOUND) if value is None else ("ok", value),)

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)} values)"


def offer(context: Context) -> Secrets:
    """For `edge.interfaces.offered`."""
    return Secrets(context.secrets(), context.grants())
