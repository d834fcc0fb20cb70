"""The result of a check."""

from __future__ import annotations

PASS = "pass"  # noqa: S105 no password
WARN = "warn"
FAIL = "fail"


def counted(count: int, one: str, more: str = "") -> str:
    """A number with its noun, singular or plural: `1 entry`, `2 entries`."""
    return f"{count} {one if count == 1 else more or one + 's'}"


class Finding:
    """The result of a check.

    status  pass; warn where it works and should be looked at; fail
    found   what it is
    remedy  what to do, empty for nothing
    """

    __slots__ = ("found", "remedy", "status")

    def __init__(self, status: str, found: str, remedy: str = "") -> None:
        self.status = status
        self.found = found
        self.remedy = remedy
