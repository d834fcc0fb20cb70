"""Converts subclasses of plain types to plain data: enumerations, named tuples and others."""

from __future__ import annotations

from edge import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 200
REMEDY = "Use None, bool, int, float, str, bytes, list, tuple, dict or subclasses of these"


def plain(value: Any, depth: int = 0) -> Any:
    """The value in plain types only; raises `errors.ValueMismatch` for others."""
    if depth > MAX_DEPTH:
        raise errors.ValueMismatch(f"Values are nested deeper than {MAX_DEPTH} or contain themselves", REMEDY)
    if value is None or isinstance(value, (bool, memoryview, bytearray)):
        return value
    # Not by str(value) and int(value), which a class may override.
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, bytes):
        return bytes(memoryview(value))
    if isinstance(value, dict):
        return {plain(name, depth + 1): plain(item, depth + 1) for name, item in dict.items(value)}
    if isinstance(value, (list, tuple)):
        items = [plain(item, depth + 1) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    raise errors.ValueMismatch(f"A {type(value).__name__} is not plain data", REMEDY)
