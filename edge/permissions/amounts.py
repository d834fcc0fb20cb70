"""Amounts of limits, rates and quotas, as manifests declare and grants name them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.findings import Findings
    from edge.manifest.lines import Path

MAX = 1 << 53
MAX_DIGITS = 300
"""Of a whole number that is read exactly."""
NARROW = (1 << 32) - 1
MAX_OF = {
    "deadline": 1_000_000_000,
    "table_elements": NARROW,
    "host_calls": NARROW,
    "crossing_bytes": NARROW,
    "log_bytes": NARROW,
    "calls_per_minute": NARROW,
    "concurrent_calls": NARROW,
}
"""Maximum of a limit or rate: the range of the native library's numbers; MAX for all others."""


def amount_problem(name: str, amount: Any) -> str:
    """The problem of an amount of a limit, a rate or a quota; empty if there is none."""
    kinds = (int, float) if name == "deadline" else (int,)
    most = MAX_OF.get(name, MAX)
    if isinstance(amount, kinds) and not isinstance(amount, bool) and 0 < amount <= most:
        return ""
    what = "number above 0" if name == "deadline" else "whole number from 1"
    return f"{name} must be a {what} up to {most}"


def text_problem(text: str) -> str:
    """The problem of an amount as a word of a request; empty if there is none."""
    digits = text.partition(".")[0] + text.partition(".")[2]
    return "" if digits.isdecimal() and digits.isascii() and text[0] != "." else "an amount must be a number"


def range_problem(name: str, text: str) -> str:
    """The problem of a new grant's amount; empty if there is none.

    In an existing grant, an amount outside the range counts as the end of the range (edge.policy.grants).
    """
    # Python reads no whole number of thousands of digits; as a float, it is beyond every range, too.
    amount = float(text) if "." in text or len(text) > MAX_DIGITS else int(text)
    # A grant of zero is allowed.
    return amount_problem(name, amount) if amount else ""


def is_amount(found: Findings, path: Path, value: Any) -> bool:
    """Whether a value of a manifest is an amount for the last part of its path; adds a problem to `found`."""
    problem = amount_problem(str(path[-1]), value)
    if problem:
        found.wrong(path, problem)
    return not problem


def spelled(amount: float) -> str:
    """Without an exponent: a time may be shorter than a millisecond."""
    return str(amount) if isinstance(amount, int) else f"{max(amount, 0.001):.3f}"
