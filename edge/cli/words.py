"""What a word on the command line may mean."""

from __future__ import annotations

import posix


def is_file(word: str) -> bool:
    """Whether a word that may be a name means a file: one is there, or it has a slash."""
    try:
        posix.stat(word)
    except OSError:
        return "/" in word
    return True
