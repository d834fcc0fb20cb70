"""Text: what a plugin may be called, plain data as JSON, and what strangers wrote as a line to show."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENDS = "abcdefghijklmnopqrstuvwxyz0123456789"
INNER = ENDS + "._-"
LONGEST = 128

ESCAPES = {code: f"\\u{code:04x}" for code in range(32)}
ESCAPES.update({ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"})


def is_plugin_name(name: str) -> bool:
    """Whether it is 1 to 128 of a-z and 0-9, and inside also dots, underscores and dashes."""
    # Not by sets: what a call would not run otherwise is 64 kB more of the interpreter on a Pi Zero.
    return 1 <= len(name) <= LONGEST and not (name.strip(INNER) or (name[0] + name[-1]).strip(ENDS))


def json_text(value: Any) -> str:
    """Plain data as JSON in one line; the json module would cost a Pi Zero 1 MB and 60 ms."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return f'"{value.translate(ESCAPES)}"'
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json_text(str(key))}: {json_text(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(json_text, value)) + "]"
    return repr(value)


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
