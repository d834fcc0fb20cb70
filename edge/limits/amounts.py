"""Finds the limit that is outside its range (edge/limits/__init__.py)."""

from __future__ import annotations

from edge import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

BITS = {
    "fuel": 64,
    "slice_fuel": 64,
    "memory": 64,
    "fixed_seed": 64,
    "table_elements": 32,
    "host_calls": 32,
    "crossing_bytes": 32,
    "log_bytes": 32,
    "stack_bytes": 64,
    "calls_per_minute": 32,
    "concurrent_calls": 32,
}
"""The bits of each limit in the native library."""


def refuse(amounts: dict[str, Any], max_deadline: int, clock_bits: int) -> NoReturn:
    """Raises the error for the invalid one of these amounts; ignores other values of the dictionary."""
    bits = {**BITS, "fixed_clock": clock_bits}
    deadline = amounts.get("deadline", 0)
    if not isinstance(deadline, (int, float)) or not 0 <= deadline <= max_deadline:
        raise errors.OptionsError(
            f"deadline is {deadline!r}; it must be a number of seconds from 0 to {max_deadline}"
        )
    for name in filter(amounts.__contains__, bits):
        amount = amounts[name]
        if not isinstance(amount, int) or amount < 0 or amount >> bits[name]:
            most = (1 << bits[name]) - 1
            raise errors.OptionsError(f"{name} is {amount!r}; it must be a whole number from 0 to {most}")
    raise errors.OptionsError("A limit is outside its range")
