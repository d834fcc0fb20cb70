"""What a plugin may be called."""

from __future__ import annotations

INNER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
NOT_AT_THE_ENDS = frozenset("._-")
LONGEST = 128


def is_plugin_name(name: str) -> bool:
    """Whether it is 1 to 128 of a-z and 0-9, and inside also dots, underscores and dashes."""
    ends = name[:1] + name[-1:]
    return 1 <= len(name) <= LONGEST and set(name) <= INNER and not set(ends) & NOT_AT_THE_ENDS
