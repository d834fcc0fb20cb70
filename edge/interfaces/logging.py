"""zeroclaw:plugin/logging: events from plugins."""

from __future__ import annotations

import sys

from edge.interfaces import Interface
from edge.text import event_line, utf8_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.interfaces import Context
    from edge.runtime.call import Call

    Sink = Callable[[str, str, dict[str, Any]], None]

NAME = "zeroclaw:plugin/logging@0.1.0"


class Logging(Interface):
    """Passes every event to `sink(plugin, level, event)`; events are dictionaries as in wit/logging.wit.

    Texts beyond the call's `log_bytes` are cut; events without remaining text are dropped.
    """

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink | None = None) -> None:
        super().__init__(NAME, {"log-record": self._record})
        self._sink = sink or to_stderr

    def _record(self, call: Call, level: str, event: dict[str, Any]) -> tuple[()]:
        name, message, attrs = event["function-name"], event["message"], event["attrs"] or ""
        if name.isascii() and message.isascii() and attrs.isascii():
            wanted = len(name) + len(message) + len(attrs)
        else:
            wanted = utf8_length(name) + utf8_length(message) + utf8_length(attrs)
        left = call.instance.take_log_room(wanted)
        if left < wanted:
            if not left:
                return ()
            name = _cut(name, left)
            message = _cut(message, left - utf8_length(name))
            # Truncated JSON is not JSON.
            event = {**event, "function-name": name, "message": message, "attrs": None}
        self._sink(call.plugin, level, event)
        return ()


def offer(context: Context) -> Logging:
    """For `edge.interfaces.offered`."""
    return Logging(context.log)


def to_stderr(plugin: str, level: str, event: dict[str, Any]) -> None:
    """The default sink."""
    tell(f"{plugin} {event_line(level, event)}")


def tell(line: str) -> None:
    """Prints a line on standard error, if it is open: logging never fails the guest."""
    # With None as file, print would write to standard output.
    if sys.stderr is None:
        return
    try:
        print(line, file=sys.stderr)
    except (OSError, ValueError):
        return


def _cut(text: str, count: int) -> str:
    """The longest prefix of a text that fits into `count` bytes of UTF-8."""
    return text[:count].encode("utf-8", "surrogatepass")[:count].decode("utf-8", "ignore")
