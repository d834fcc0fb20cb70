"""Answers on standard output, talk on standard error.

Answers are UTF-8 whatever the locale, and leave at once: a full disk or a closed pipe shows here, not at
exit.
"""

from __future__ import annotations

import posix
import sys

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STDOUT = 1

ESCAPES = {code: f"\\u{code:04x}" for code in range(32)}
ESCAPES.update({ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"})


def answer(text: str) -> None:
    """A line of the answer."""
    # A file name that is not UTF-8 arrives with lone surrogates.
    rest = memoryview(f"{text}\n".encode("utf-8", "backslashreplace"))
    try:
        while rest:
            rest = rest[posix.write(STDOUT, rest) :]
    except OSError as error:
        files.raise_for("standard output", error)


def document(value: Any) -> None:
    """The answer as JSON."""
    answer(json_text(value))


def say(text: str) -> None:
    """A line for people."""
    print(text, file=sys.stderr)


def json_text(value: Any) -> str:
    """Plain data as JSON; the json module would cost a Pi Zero 1 MB and 60 ms."""
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
