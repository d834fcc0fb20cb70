"""The plugin contract's names (wit/): what plugins export, as `interface#function`.

edge.runtime and edge.interfaces, which calls import, have the names that they need: a module
costs a Pi Zero 0.3 ms. A test holds them against these. RATIONALE, "Why the contract's attachments have
static types in Rust".
"""

from __future__ import annotations

PREFIX = "zeroclaw:plugin/"
VERSION = "@0.1.0"

TOOL = f"{PREFIX}tool{VERSION}#"
EXECUTE = f"{TOOL}execute"
PLUGIN_INFO = f"{PREFIX}plugin-info{VERSION}#"

KINDS = {kind: f"{PREFIX}{kind}@" for kind in ("tool", "channel", "memory")}
"""How the interfaces begin that a plugin of a kind exports; other kinds have no interface yet."""

LOGGING = f"{PREFIX}logging{VERSION}"
SECRETS = f"{PREFIX}secrets{VERSION}"
INBOUND = f"{PREFIX}inbound{VERSION}"
