"""The error for an empty file of trust."""

from __future__ import annotations

from edge import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def refuse_empty(path: str, *, is_operators: bool) -> NoReturn:
    """Raises the error for an empty file. Edge never writes one: it would lose revocations."""
    remedy = "Unpack the bundle again"
    if is_operators:
        again = "`edge key trust KEY`, `edge key revoke KEY`"
        remedy = f"Restore it from a backup; without one, trust and revoke again: {again}"
    raise errors.EnvironmentFault(f"{path} is empty: its trusted keys and revocations are lost", remedy)
