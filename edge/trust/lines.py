"""What the lines of a file of trust say."""

from __future__ import annotations

from edge import errors
from edge._native import making
from edge.files.encoding import problem
from edge.trust import ALGORITHM, FLOOR, REVOKED, Trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LINES = "Remove the line: `edge key trust` and `edge key revoke` write such lines as they have to be"


def parse(content: bytes, path: str) -> list[list[Any]]:
    """What each line of a file of trust says, as the native library reads it (native/edge.h).

    Raises `errors.EnvironmentFault` for a line that means nothing or seems to mean more than it does, and
    for one that only whoever loads a plugin may add.
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
                f"{path}: line {number} of trust: `{words[0]}` is nothing for a file", LINES
            )
    return lines


def keys_of(lines: Iterable[list[Any]]) -> list[Trusted]:
    """The keys that lines trust."""
    return [
        Trusted(bytes.fromhex(words[1]), words[2], words[3]) for words in lines if words[:1] == [ALGORITHM]
    ]
