"""Raises the error for a status of the native library. A call that succeeds never imports this."""

from __future__ import annotations

from edge import errors
from edge.files.encoding import problem
from edge.text import LIMIT, phrase

from . import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def fail(status: int, why: bytes, subject: str) -> NoReturn:
    """Raises the error of a status; `why`: the library's message, `subject`: what it is about, or empty."""
    remedy = b""
    if status == lib.EDGE_UNSUPPORTED:
        # Both lines are the library's own.
        why, _, remedy = why.partition(b"\n")
    # Messages of Wasmtime may have several lines, and may cite a guest.
    sentence = phrase(why[: 4 * LIMIT].decode("utf-8", "replace"))
    raise errors.of_status(
        status,
        f"{subject}: {sentence}" if subject else sentence[:1].upper() + sentence[1:],
        remedy.decode(),
    )


def fail_text(status: int, why: bytes, subject: str, texts: tuple[bytes, ...]) -> NoReturn:
    """As `fail`, for a function that takes texts: `errors.ArgumentsError` if one of them is not UTF-8."""
    for text in texts:
        wrong, remedy = problem(text)
        if wrong:
            raise errors.ArgumentsError(f"{subject or 'JSON'}: {wrong}", remedy)
    fail(status, why, subject)
