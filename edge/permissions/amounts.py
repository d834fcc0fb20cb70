"""Amounts of limits, rates and quotas, as manifests declare and grants name them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.findings import Findings
    from edge.manifest.lines import Path

MAX = 1 << 53
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
"""How much of a limit or rate there may be: what the native library's numbers hold, MAX of all others."""


def amount_problem(name: str, amount: Any) -> str:
    """What is wrong with an amount of a limit, a rate or a quota, empty when nothing is."""
    kinds = (int, float) if name == "deadline" else (int,)
    most = MAX_OF.get(name, MAX)
    if isinstance(amount, kinds) and not isinstance(amount, bool) and 0 < amount <= most:
        return ""
    what = "number above 0" if name == "deadline" else "whole number from 1"
    return f"{name} must be a {what} up to {most}"


def text_problem(text: str) -> str:
    """What is wrong with an amount as a word of a request, empty when nothing is."""
    digits = text.partition(".")[0] + text.partition(".")[2]
    return "" if digits.isdecimal() and digits.isascii() and text[0] != "." else "an amount must be a number"


def range_problem(name: str, text: str) -> str:
    """What is wrong with how much a new grant gives, empty when nothing is.

    Of a grant that was given before, what is beyond the range counts as its end (edge.policy.grants).
    """
    amount = float(text) if "." in text else int(text)
    # To grant nothing of something is a grant.
    return amount_problem(name, amount) if amount else ""


def is_amount(found: Findings, path: Path, value: Any) -> bool:
    """Whether a value of a manifest is an amount of what its path ends with; a problem goes to `found`."""
    problem = amount_problem(str(path[-1]), value)
    if problem:
        found.wrong(path, problem)
    return not problem


def spelled(amount: float) -> str:
    """Without an exponent: a time shorter than a millisecond is one."""
    return str(amount) if isinstance(amount, int) else f"{max(amount, 0.001):.3f}"
