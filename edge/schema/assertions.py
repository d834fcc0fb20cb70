"""Words of a schema that constrain a value as a whole."""

from __future__ import annotations

from edge.schema.values import EXACT, has_type, identity, is_number, named, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sized
    from typing import Any


def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern matches within a text; None if the pattern cannot be read."""
    from edge.schema.pattern import parse

    try:
        return parse(pattern).matches(text)
    except ValueError:
        return None


def _type(rule: str | list[str], value: Any) -> str:
    wanted = [rule] if isinstance(rule, str) else rule
    return "" if any(has_type(value, name) for name in wanted) else f"must be {named(wanted)}"


def _enum(rule: list[Any], value: Any) -> str:
    return "" if identity(value) in set(map(identity, rule)) else f"must be one of {spelled(rule)}"


def _const(rule: Any, value: Any) -> str:
    return "" if identity(value) == identity(rule) else f"must be {spelled([rule])}"


def _minimum(rule: float, value: Any) -> str:
    return f"must be {rule} or more" if is_number(value) and value < rule else ""


def _maximum(rule: float, value: Any) -> str:
    return f"must be {rule} or less" if is_number(value) and value > rule else ""


def _above(rule: float, value: Any) -> str:
    return f"must be more than {rule}" if is_number(value) and value <= rule else ""


def _below(rule: float, value: Any) -> str:
    return f"must be less than {rule}" if is_number(value) and value >= rule else ""


def _multiple(rule: Any, value: Any) -> str:
    if isinstance(rule, float) or rule > EXACT:
        return ""
    return f"must be a multiple of {rule}" if is_number(value) and value % rule else ""


def _at_least(kind: type[Sized], things: str) -> Callable[[int, Any], str]:
    def check(rule: int, value: Any) -> str:
        wrong = isinstance(value, kind) and len(value) < rule
        return f"must have {rule} {things} or more" if wrong else ""

    return check


def _at_most(kind: type[Sized], things: str) -> Callable[[int, Any], str]:
    def check(rule: int, value: Any) -> str:
        wrong = isinstance(value, kind) and len(value) > rule
        return f"must have {rule} {things} or less" if wrong else ""

    return check


def _pattern(rule: str, value: Any) -> str:
    wrong = isinstance(value, str) and matches(rule, value) is False
    return f"must match {rule}" if wrong else ""


def _unique(rule: bool, value: Any) -> str:
    twice = rule and isinstance(value, list) and len(set(map(identity, value))) < len(value)
    return "has duplicate items" if twice else ""


CHECKS: dict[str, Callable[[Any, Any], str]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _above,
    "exclusiveMaximum": _below,
    "multipleOf": _multiple,
    "minLength": _at_least(str, "characters"),
    "maxLength": _at_most(str, "characters"),
    "pattern": _pattern,
    "minItems": _at_least(list, "items"),
    "maxItems": _at_most(list, "items"),
    "minProperties": _at_least(dict, "properties"),
    "maxProperties": _at_most(dict, "properties"),
    "uniqueItems": _unique,
}
"""The problem of a value under a word's rule; empty if it is valid or the word does not apply."""
