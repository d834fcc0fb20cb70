"""Output: results on stdout, messages on stderr. Text is made safe for a terminal here.

Results are UTF-8 in every locale and are written at once, so that a full disk or a closed pipe is an error
here and not at exit. A command writes its result after its work is done.

Edge's own lines (`show`, `say`) are one line each, even with foreign text in them (edge/text.py). The output
of a tool reaches a pipe or a file byte for byte; for a terminal, control sequences are removed.
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
"""Prefix of Edge's own lines on stderr."""

STDOUT = 1
STDERR = 2
UNUSABLE = (posix.O_WRONLY, posix.O_RDONLY, posix.O_RDONLY)
"""Mode for each standard stream with which using it fails."""

LINE_LIMIT = 16_000
"""Maximum characters of one of Edge's lines; foreign text in it has shorter limits."""


class NobodyReads(Exception):
    """The reader of stdout closed its end, as `head` does."""


def keep_places() -> None:
    """Opens closed standard streams; otherwise the next opened file would receive their output."""
    for stream, way in enumerate(UNUSABLE):
        if not _is_open(stream):
            posix.open("/dev/null", way)


def answer(text: str, *, foreign: bool = False) -> None:
    """Writes a text of the result; unchanged unless stdout is a terminal.

    `foreign`: text of a plugin. At a terminal, none of its lines can look like one of Edge's.
    """
    at_terminal = posix.isatty(STDOUT)
    if at_terminal and foreign and OWN in text:
        text = f"\n{text}".replace(f"\n{OWN}", f"\n| {OWN}")[1:]
    pieces: Iterable[str] = (text[at : at + BLOCK] for at in range(0, len(text), BLOCK))
    if at_terminal:
        pieces = map(safe_lines, pieces)
    _answer(pieces)


def show(line: str) -> None:
    """Writes one of Edge's own lines of the result."""
    _answer((safe(line, LINE_LIMIT),))


def document(value: Any) -> None:
    """Writes the result as JSON."""
    from edge.json_text import json_pieces

    _answer(json_pieces(value))


def say(line: str, end: str = "\n") -> None:
    """Writes a message; errors of writing are ignored."""
    draw(safe(line, LINE_LIMIT) + end)


def say_lines(text: str) -> None:
    """Writes messages of several lines, for instance a trace or a plugin's log."""
    draw(f"{safe_lines(text)}\n")


def draw(text: str) -> None:
    """Writes text to stderr unchanged; it must not contain foreign text."""
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
    """Writes a line in pieces; short pieces are gathered."""
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
    """Raises the error of writing the result; the remedy says that only this failed."""
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
