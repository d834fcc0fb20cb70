"""Meanings of a word on a command line."""

from __future__ import annotations

import posix

from edge import files


def is_file(word: str) -> bool:
    """Whether a word means a file: the file exists, or the word contains a slash."""
    try:
        posix.stat(word)
    except OSError:
        return "/" in word
    return True


def is_folder(path: str) -> bool:
    """Whether the folder exists."""
    try:
        return posix.stat(path).st_mode & files.FORMAT_MASK == files.DIRECTORY
    except OSError:
        return False
