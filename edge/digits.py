"""What keys and digests of SHA-256 are as text."""

from __future__ import annotations

COUNT = 64
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def is_digest(text: str) -> bool:
    """Whether a text has 64 hexadecimal digits, as a key or a digest of SHA-256."""
    return len(text) == COUNT and HEXADECIMAL.issuperset(text)
