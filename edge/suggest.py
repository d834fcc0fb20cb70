"""Suggestions for mistyped words."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most similar to another; empty if there is none."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:64], list(known), 1)), "")


def shell(path: str) -> str:
    """A path, quoted for a shell."""
    from shlex import quote

    return quote(path)


def meant(word: str, known: Iterable[str]) -> str:
    """`Did you mean` and the nearest word, or all known words."""
    known = list(known)
    near = nearest(word, known)
    if near:
        return f"Did you mean {near}?"
    return f"There are {', '.join(known)}" if known else "There are none"
