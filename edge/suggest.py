"""What somebody may have meant who mistyped a word, and what to type."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like another, empty where none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:64], list(known), 1)), "")


def shell(path: str) -> str:
    """A path as a shell takes it."""
    from shlex import quote

    return quote(path)


def meant(word: str, known: Iterable[str]) -> str:
    """`Did you mean` and the nearest word, or all there are."""
    known = list(known)
    near = nearest(word, known)
    if near:
        return f"Did you mean {near}?"
    return f"There are {', '.join(known)}" if known else "There are none"
