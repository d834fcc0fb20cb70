"""The release number that follows from a version: it rises with every release, and devices take none back."""

from __future__ import annotations

PARTS = 3
PART = 1000
DIGITS = frozenset("0123456789")


def derive(version: str) -> int:
    """The number of a version: 1.2.3 is release 1002003; 0 for one that none follows from.

    None follows from what is not MAJOR.MINOR.PATCH, each part below 1000 and without zeros before it, nor
    from 0.0.0, since numbers begin at 1.
    """
    parts = version.split(".")
    if len(parts) != PARTS or not all(map(_is_part, parts)):
        return 0
    number = 0
    for part in parts:
        number = number * PART + int(part)
    return number


def _is_part(text: str) -> bool:
    return 0 < len(text) < len(str(PART)) and set(text) <= DIGITS and text == str(int(text))
