"""What a word of an operator may mean."""

from __future__ import annotations

import posix

from edge import files


def is_file(word: str) -> bool:
    """Whether a word that may be a name means a file: one is there, or it has a slash."""
    try:
        posix.stat(word)
    except OSError:
        return "/" in word
    return True


def is_folder(path: str) -> bool:
    """Whether a folder is there."""
    try:
        return posix.stat(path).st_mode & files.FORMAT_MASK == files.DIRECTORY
    except OSError:
        return False
