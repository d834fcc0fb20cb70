"""`("channel",)`: messages that wait for a plugin; the contract's capability `channel` declares it."""

from __future__ import annotations

from edge.permissions.catalogue import Permission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.manifest.findings import Declared, Findings
    from edge.permissions.catalogue import Request


class Channel(Permission):
    """Messages that wait for a plugin."""

    name = "channel"
    words = 1
    setting = "channel in capabilities"

    def declare(self, found: Findings, declared: Declared, own: list[Request]) -> list[Request]:
        return [(self.name,)] if self.name in declared.capabilities else []


PERMISSION = Channel()
