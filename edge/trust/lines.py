"""Reads the lines of files of trust."""

from __future__ import annotations

from edge import errors
from edge._native import making
from edge.files.encoding import problem
from edge.trust import ALGORITHM, FLOOR, REVOKED, Trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LINES = "Remove the line; `edge key trust` and `edge key revoke` write valid lines"

PASTE = "Paste the line that `edge key show NAME` prints, ed25519 KEY NAME, or the 64 digits of KEY alone"


def parse(content: bytes, path: str) -> list[list[Any]]:
    """The parsed lines of a file of trust, as the native library reads them (native/edge.h).

    Raises `errors.EnvironmentFault` for a line that is invalid or ambiguous, and for one that only the loader
    of a plugin may add.
    """
    try:
        lines = making.read_trust(content, path)
    except errors.OptionsError as error:
        wrong, remedy = problem(content, path)
        message = f"{path}: {wrong}" if wrong else error.message
        raise errors.EnvironmentFault(message, remedy or LINES) from None
    for number, words in enumerate(lines, 1):
        if words and words[0] not in (ALGORITHM, REVOKED, FLOOR):
            raise errors.EnvironmentFault(
                f"{path}: line {number} of trust: `{words[0]}` is not allowed in a file", LINES
            )
    return lines


def keys_of(lines: Iterable[list[Any]]) -> list[Trusted]:
    """The trusted keys in lines."""
    return [
        Trusted(bytes.fromhex(words[1]), words[2], words[3]) for words in lines if words[:1] == [ALGORITHM]
    ]


def pasted(text: str) -> list[Trusted]:
    """The keys in lines as `edge key show` prints them; empty for a text that begins otherwise.

    Raises `errors.UsageError` for a text that begins like a key line and is not one.
    """
    first, _, rest = text.strip().partition(" ")
    if first.lower() != ALGORITHM or not rest:
        return []
    try:
        lines = making.read_trust(text.encode("utf-8", "surrogateescape"), "")
    except errors.OptionsError as error:
        why = error.message.partition(": ")[2] or error.message
        raise errors.UsageError(f"This is not a valid key line: {why}", PASTE) from None
    found = keys_of(lines)
    if len(found) != len(list(filter(None, lines))):
        raise errors.UsageError("This contains more than trusted keys", PASTE)
    return found
