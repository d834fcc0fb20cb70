"""Answers on standard output, talk on standard error.

Answers are UTF-8 whatever the locale, and leave at once: a full disk or a closed pipe shows here, not at
exit. A command answers when its work is done.
"""

from __future__ import annotations

import posix

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

STDOUT = 1
STDERR = 2
UNUSABLE = (posix.O_WRONLY, posix.O_RDONLY, posix.O_RDONLY)
"""How each standard stream has to be opened for its use to fail."""


class NobodyReads(Exception):
    """Whoever read the answer has gone, as `head` does when it has enough."""


def keep_places() -> None:
    """Takes the place of standard streams that are closed: a file opened there would get what is said."""
    for stream, way in enumerate(UNUSABLE):
        if not _is_open(stream):
            posix.open("/dev/null", way)


def answer(text: str) -> None:
    """A line of the answer."""
    try:
        _write(STDOUT, f"{text}\n")
    except BrokenPipeError:
        raise NobodyReads from None
    except OSError as error:
        _lose(error)


def document(value: Any) -> None:
    """The answer as JSON."""
    from edge.text import json_text

    answer(json_text(value))


def say(text: str, end: str = "\n") -> None:
    """A line for people; when nobody listens, the work goes on."""
    try:
        _write(STDERR, text + end)
    except OSError:
        return


def _is_open(stream: int) -> bool:
    try:
        posix.fstat(stream)
    except OSError:
        return False
    return True


def _lose(error: OSError) -> NoReturn:
    """Raises that the answer could not be written, and that only this failed."""
    from edge import errors

    try:
        files.raise_for("standard output", error)
    except errors.EdgeError as fault:
        fault.remedy = "What the command does was done; only its answer could not be written"
        raise


def _write(stream: int, text: str) -> None:
    # A file name that is not UTF-8 arrives with lone surrogates.
    rest = text.encode("utf-8", "backslashreplace")
    while rest:
        rest = rest[posix.write(stream, rest) :]
