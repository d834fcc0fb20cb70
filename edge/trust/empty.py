"""What an empty file of trust means."""

from __future__ import annotations

from edge import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def refuse_empty(path: str, *, is_operators: bool) -> NoReturn:
    """For a file that nothing of Edge leaves empty: with its lines, revocations would be gone as well."""
    remedy = "Unpack the bundle again"
    if is_operators:
        again = "`edge key trust KEY`, `edge key revoke KEY`"
        remedy = f"Restore it from a backup; without one, trust and revoke again: {again}"
    raise errors.EnvironmentFault(f"{path} is empty: its trusted keys and revocations are lost", remedy)
