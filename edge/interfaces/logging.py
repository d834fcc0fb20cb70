"""zeroclaw:plugin/logging: events that plugins report."""

from __future__ import annotations

import sys

from edge.interfaces import Interface

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


def line(level: str, event: dict[str, Any]) -> str:
    """An event in one line, what the plugin wrote shown without control characters."""
    what = f"{event['function-name']} {event['action']}"
    if event["outcome"]:
        what += f" {event['outcome']}"
    if event["duration-ms"] is not None:
        what += f" in {event['duration-ms']} ms"
    attributes = f" {event['attrs']}" if event["attrs"] else ""
    return printable(f"[{level}] {what}: {event['message']}{attributes}")


def printable(text: str) -> str:
    """The text without what could move a terminal's cursor or start a line of its own."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def to_stderr(plugin: str, level: str, event: dict[str, Any]) -> None:
    """The sink when none is given."""
    print(plugin, line(level, event), file=sys.stderr)
