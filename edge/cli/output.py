"""Answers on standard output, talk on standard error; this is where text is made safe for a terminal.

Answers are UTF-8 whatever the locale, and leave at once: a full disk or a closed pipe shows here, not at
exit. A command answers when its work is done.

Lines of Edge's own (`show`, `say`) are one line each, whatever strangers' text they hold (edge/text.py). The
answer of a tool reaches a pipe or a file byte for byte; a terminal gets it without what it would obey.
RATIONALE, "Why a closed pipe ends with 141, and closed streams are opened".
"""

from __future__ import annotations

import posix

from edge.files import raise_for
from edge.text import BLOCK, safe, safe_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

OWN = "edge:"
"""How lines of Edge's own begin, on standard error."""

STDOUT = 1
STDERR = 2
UNUSABLE = (posix.O_WRONLY, posix.O_RDONLY, posix.O_RDONLY)
"""How each standard stream has to be opened for its use to fail."""

LINE_LIMIT = 16_000
"""Characters of a line of Edge's; what it holds of strangers has shorter limits."""


class NobodyReads(Exception):
    """Whoever read the answer has gone, as `head` does when it has enough."""


def keep_places() -> None:
    """Takes the place of standard streams that are closed: a file opened there would get what is said."""
    for stream, way in enumerate(UNUSABLE):
        if not _is_open(stream):
            posix.open("/dev/null", way)


def answer(text: str, *, foreign: bool = False) -> None:
    """A text of the answer, as it is but at a terminal.

    `foreign`: a plugin's, of which no line passes for one of Edge's there.
    """
    at_terminal = posix.isatty(STDOUT)
    if at_terminal and foreign and OWN in text:
        text = f"\n{text}".replace(f"\n{OWN}", f"\n| {OWN}")[1:]
    pieces: Iterable[str] = (text[at : at + BLOCK] for at in range(0, len(text), BLOCK))
    if at_terminal:
        pieces = map(safe_lines, pieces)
    _answer(pieces)


def show(line: str) -> None:
    """A line of the answer that is Edge's own."""
    _answer((safe(line, LINE_LIMIT),))


def document(value: Any) -> None:
    """The answer as JSON."""
    from edge.json_text import json_pieces

    _answer(json_pieces(value))


def say(line: str, end: str = "\n") -> None:
    """A line for people; when nobody listens, the work goes on."""
    draw(safe(line, LINE_LIMIT) + end)


def say_lines(text: str) -> None:
    """Several lines for people, such as a trace, or what a plugin logs."""
    draw(f"{safe_lines(text)}\n")


def draw(text: str) -> None:
    """What is for a terminal as it is: none of it is from strangers."""
    try:
        _write(STDERR, text)
    except OSError:
        return


def _is_open(stream: int) -> bool:
    try:
        posix.fstat(stream)
    except OSError:
        return False
    return True


def _answer(pieces: Iterable[str]) -> None:
    """Writes a line in pieces, those that are short together."""
    gathered: list[str] = []
    size = 0
    try:
        for piece in pieces:
            gathered.append(piece)
            size += len(piece)
            if size >= BLOCK:
                _write(STDOUT, "".join(gathered))
                gathered.clear()
                size = 0
        _write(STDOUT, "".join(gathered) + "\n")
    except BrokenPipeError:
        raise NobodyReads from None
    except OSError as error:
        _lose(error)


def _lose(error: OSError) -> NoReturn:
    """Raises that the answer could not be written, and that only this failed."""
    from edge import errors

    try:
        raise_for("standard output", error)
    except errors.EdgeError as fault:
        fault.remedy = "The command completed; only its output could not be written"
        raise


def _write(stream: int, text: str) -> None:
    # A file name that is not UTF-8 arrives with lone surrogates.
    rest = text.encode("utf-8", "backslashreplace")
    while rest:
        rest = rest[posix.write(stream, rest) :]
