"""Which amount is outside its range (edge/limits/__init__.py)."""

from __future__ import annotations

from edge import errors
from edge.limits import BITS, MAX_DEADLINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def refuse(amounts: dict[str, Any]) -> NoReturn:
    """Raises which of these amounts is none."""
    for name, amount in amounts.items():
        if name == "deadline":
            if not isinstance(amount, (int, float)) or not 0 <= amount <= MAX_DEADLINE:
                raise errors.OptionsError(
                    f"{name} is {amount!r}; it has to be a number of seconds from 0 to {MAX_DEADLINE}"
                )
        elif not isinstance(amount, int) or amount < 0 or amount >> BITS[name]:
            most = (1 << BITS[name]) - 1
            raise errors.OptionsError(f"{name} is {amount!r}; it has to be a whole number from 0 to {most}")
    raise errors.OptionsError("An amount is outside its range")
