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


def answer(text: str) -> None:
    """A line of the answer."""
    # A file name that is not UTF-8 arrives with lone surrogates.
    rest = f"{text}\n".encode("utf-8", "backslashreplace")
    try:
        while rest:
            rest = rest[posix.write(STDOUT, rest) :]
    except OSError as error:
        files.raise_for("standard output", error)


def document(value: Any) -> None:
    """The answer as JSON."""
    from edge.cli.json_text import json_text

    answer(json_text(value))


def say(text: str) -> None:
    """A line for people."""
    print(text, file=sys.stderr)
