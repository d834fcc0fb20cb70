"""Names and their characters."""

from __future__ import annotations

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset("0123456789")
WORD = LETTERS | DIGITS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ._-")


def is_tool_name(name: str) -> bool:
    """Whether a text is 1 to 128 letters, digits, dots, underscores and dashes."""
    return 1 <= len(name) <= 128 and set(name) <= WORD
