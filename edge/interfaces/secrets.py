"""zeroclaw:plugin/secrets: configuration values that never travel in `__config`."""

from __future__ import annotations

from edge.interfaces import Interface

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from edge.call import Call
    from edge.grants import Grants
    from edge.sealed import Sealed

NAME = "zeroclaw:plugin/secrets@0.1.0"

SERVED_TO = "zeroclaw:plugin/tool@0.1.0#execute"
"""The one function that may ask: what runs without a caller has no need of secrets."""


class Secrets(Interface):
    """The secrets of one plugin: a value by its name, None for a secret that is known and not set.

    With `grants`, only those that the plugin is granted.
    """

    __slots__ = ("_grants", "_values")

    def __init__(self, values: Mapping[str, str | None] | Sealed, grants: Grants | None = None) -> None:
        super().__init__(NAME, {"get": self._get})
        self._values = values
        self._grants = grants

    def _get(self, call: Call, name: str) -> tuple[tuple[str, Any]]:
        # The grants are asked about every name, so that the audit has those that are not there too.
        if self._grants is not None and not self._grants.permits("config_read", name):
            return (("err", "access-denied"),)
        if call.function != SERVED_TO or name not in self._values:
            return (("err", "access-denied"),)
        value = self._values[name]
        return (("err", "not-found") if value is None else ("ok", value),)

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)} values)"
