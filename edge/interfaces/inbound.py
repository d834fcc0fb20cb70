"""zeroclaw:plugin/inbound: messages that wait for a channel plugin."""

from __future__ import annotations

from collections import deque

from edge import contract, errors
from edge.interfaces import Interface

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.interfaces import Context
    from edge.policy.grants import Grants
    from edge.runtime.call import Call

NAME = contract.INBOUND

MAX_WAITING = 1000


class Inbound(Interface):
    """A queue of messages, each a dictionary as `host-inbound-message` in wit/inbound.wit.

    With `grants`, the queue is empty for a plugin that is not granted the channel.
    """

    __slots__ = ("_grants", "_waiting")

    def __init__(self, grants: Grants | None = None) -> None:
        super().__init__(NAME, {"inbound-poll": self._poll, "inbound-pending": self._pending})
        self._waiting: deque[dict[str, Any]] = deque()
        self._grants = grants

    def push(self, message: dict[str, Any]) -> None:
        """Lets a message wait for the plugin; `errors.StateError` where too many wait already."""
        if len(self._waiting) >= MAX_WAITING:
            raise errors.StateError(
                f"{MAX_WAITING} messages are waiting already; this is the limit",
                "Let the plugin poll messages first",
            )
        self._waiting.append(message)

    def __len__(self) -> int:
        return len(self._waiting)

    def _poll(self, _: Call) -> tuple[dict[str, Any] | None]:
        if self._grants is not None and not self._grants.permits("channel"):
            return (None,)
        return (self._waiting.popleft() if self._waiting else None,)

    def _pending(self, _: Call) -> tuple[int]:
        if self._grants is not None and not self._grants.permits("channel"):
            return (0,)
        return (len(self._waiting),)


def offer(context: Context) -> Inbound:
    """For `edge.interfaces.offered`."""
    return Inbound(context.grants())
