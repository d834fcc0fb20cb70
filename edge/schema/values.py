"""Values of JSON as JSON Schema sees them: their types, their equality, their places."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any

TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
NAMES = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}

WHOLE = "the whole"
"""The place of the value itself, whose pointer is empty."""

EXACT = 1 << 53
"""The largest whole number up to which every one is exact as a double."""

_CLASSES = {str: "string", list: "array", dict: "object", type(None): "null"}


def named(types: list[str]) -> str:
    """Types as display names."""
    return " or ".join(NAMES[name] for name in types)


def pointer(place: str, key: str | int) -> str:
    """The place of a part within another place."""
    return f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}"


def has_type(value: Any, name: str) -> bool:
    """Whether a value has one of `TYPES`; a number without a fraction is an integer."""
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, int):
        return name in ("integer", "number")
    if isinstance(value, float):
        return name == "number" or (name == "integer" and value.is_integer())
    return name == _CLASSES[type(value)]


def identity(value: Any) -> Hashable:
    """Equal for equal JSON values: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", tuple(map(identity, value)))
    if isinstance(value, dict):
        return ("object", frozenset((key, identity(item)) for key, item in value.items()))
    unchanged: Hashable = value
    return unchanged


def spelled(values: list[Any]) -> str:
    """Values of a schema, for display."""
    from edge.json_text import json_text

    return ", ".join(value if isinstance(value, str) and value else json_text(value) for value in values)


def is_number(value: Any) -> bool:
    """Whether a value is a number; true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
