"""zeroclaw:plugin/logging: events that plugins report."""

from __future__ import annotations

import sys

from edge.interfaces import Interface
from edge.text import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.call import Call

    Sink = Callable[[str, str, dict[str, Any]], None]

NAME = "zeroclaw:plugin/logging@0.1.0"


class Logging(Interface):
    """Hands every event to `sink(plugin, level, event)`; events are dictionaries as in wit/logging.wit."""

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink | None = None) -> None:
        super().__init__(NAME, {"log-record": self._record})
        self._sink = sink or to_stderr

    def _record(self, call: Call, level: str, event: dict[str, Any]) -> tuple[()]:
        self._sink(call.plugin, level, event)
        return ()


def to_stderr(plugin: str, level: str, event: dict[str, Any]) -> None:
    """The sink when none is given."""
    print(plugin, line(level, event), file=sys.stderr)
