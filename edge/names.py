"""What a plugin may be called."""

from __future__ import annotations

ENDS = "abcdefghijklmnopqrstuvwxyz0123456789"
INNER = ENDS + "._-"
LONGEST = 128


def is_plugin_name(name: str) -> bool:
    """Whether it is 1 to 128 of a-z and 0-9, and inside also dots, underscores and dashes."""
    # Not by sets: what a call would not run otherwise is 64 kB more of the interpreter on a Pi Zero.
    return 1 <= len(name) <= LONGEST and not (name.strip(INNER) or (name[0] + name[-1]).strip(ENDS))
