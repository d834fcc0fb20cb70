"""Which capability an import needs: one table, by interface or by package."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS = "always"
WHOLE = "whole"
BY_ARGUMENT = "argument"

CAPABILITIES = {
    "wasi": ALWAYS,
    "logging": ALWAYS,
    "http_client": WHOLE,
    "channel": WHOLE,
    "kv": WHOLE,
    "config_read": BY_ARGUMENT,
    "cli": BY_ARGUMENT,
    "delegate": BY_ARGUMENT,
    "unknown": WHOLE,
}
"""When a missing grant shows: never, when the plugin is loaded, or at the call it depends on.

Secrets are of the last kind because guests in Python import all of their world, whether they use it or not.
"""

IMPORTS = {
    "wasi:cli": "wasi",
    "wasi:clocks": "wasi",
    "wasi:filesystem": "wasi",
    "wasi:http": "http_client",
    "wasi:io": "wasi",
    "wasi:random": "wasi",
    "wasi:sockets": "wasi",
    "zeroclaw:plugin/inbound": "channel",
    "zeroclaw:plugin/logging": "logging",
    "zeroclaw:plugin/secrets": "config_read",
    "zeroclaw:plugin/types": "logging",
    "edge:host/cli": "cli",
    "edge:host/delegate": "delegate",
    "edge:host/http": "http_client",
    "edge:host/kv": "kv",
}
"""What is not here is `unknown`, which nobody can grant."""


def capability_of(name: str) -> str:
    """The capability that an import needs, given as `package:name/interface@version#function`."""
    interface = name.partition("#")[0].partition("@")[0]
    return IMPORTS.get(interface) or IMPORTS.get(interface.partition("/")[0]) or "unknown"


def needed(imports: Iterable[str]) -> dict[str, list[str]]:
    """The interfaces that are imported, by the capability that they need, in the table's order."""
    found: dict[str, dict[str, None]] = {}
    for name in imports:
        found.setdefault(capability_of(name), {})[name.rpartition("#")[0] or name] = None
    return {capability: list(found[capability]) for capability in CAPABILITIES if capability in found}
