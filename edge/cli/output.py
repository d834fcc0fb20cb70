"""Answers on standard output, talk on standard error.

Answers are UTF-8 whatever the locale, and leave at once: a full disk or a closed pipe shows here, not at
exit.
"""

from __future__ import annotations

import posix

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STDOUT = 1
STDERR = 2


def answer(text: str) -> None:
    """A line of the answer."""
    try:
        _write(STDOUT, f"{text}\n")
    except OSError as error:
        files.raise_for("standard output", error)


def document(value: Any) -> None:
    """The answer as JSON."""
    from edge.cli.json_text import json_text

    answer(json_text(value))


def say(text: str, end: str = "\n") -> None:
    """A line for people; when nobody listens, the work goes on."""
    try:
        _write(STDERR, text + end)
    except OSError:
        return


def _write(stream: int, text: str) -> None:
    # A file name that is not UTF-8 arrives with lone surrogates.
    rest = text.encode("utf-8", "backslashreplace")
    while rest:
        rest = rest[posix.write(stream, rest) :]
