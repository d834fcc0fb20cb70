"""Checks a schema itself, where plugins are packed and installed."""

from __future__ import annotations

from edge.schema.references import HOLDERS, LIST, NOWHERE, ONE, Places
from edge.schema.values import EXACT, TYPES, WHOLE, is_number, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.schema import Schema

ANNOTATIONS = (
    "title",
    "description",
    "default",
    "examples",
    "format",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "contentEncoding",
    "contentMediaType",
)
EXTENSION = "x-"
DRAFTS = ("https://json-schema.org/", "http://json-schema.org/")
"""URLs of meta-schemas that select a draft; another one may change the meaning of words."""


def unknown(schema: Schema) -> list[str]:
    """Words that are not checked, and unsupported patterns and factors, as JSON pointers."""
    return [place for place, reason in _walk(schema, "", Places(schema)) if not reason]


def faults(schema: Schema) -> list[str]:
    """The problems of a schema, each with its place."""
    return [f"{place or WHOLE}: {reason}" for place, reason in _walk(schema, "", Places(schema)) if reason]


def _walk(schema: Any, place: str, places: Places) -> list[tuple[str, str]]:
    """Places and their problems, empty for unknown words."""
    if isinstance(schema, bool):
        return []
    if not isinstance(schema, dict):
        return [(place, "a schema is an object, true or false")]
    found = []
    for word, rule in schema.items():
        reason: str | None = ""
        if word == "$ref":
            reason = _reference(rule, places)
        elif word == "$id" and not place:
            reason = _text(rule)
        elif word in _WORDS:
            reason = _WORDS[word](rule)
        elif word not in HOLDERS and word not in ANNOTATIONS and not word.startswith(EXTENSION):
            reason = None
        if reason != "":
            found.append((pointer(place, word), reason or ""))
    for word, holds in HOLDERS.items():
        if word in schema:
            found.extend(_walk_inside(schema[word], pointer(place, word), holds, places))
    return found


def _walk_inside(rule: Any, place: str, holds: str, places: Places) -> list[tuple[str, str]]:
    if holds == ONE:
        return _walk(rule, place, places)
    if holds == LIST:
        if not (isinstance(rule, list) and rule):
            return [(place, "must be an array of schemas")]
        return [found for at, inner in enumerate(rule) for found in _walk(inner, pointer(place, at), places)]
    if not isinstance(rule, dict):
        return [(place, "must be an object")]
    found = [
        (pointer(place, key), "")
        for key in rule
        if place.endswith("/patternProperties") and _pattern(key) is None
    ]
    for key, inner in rule.items():
        found.extend(_walk(inner, pointer(place, key), places))
    return found


def _reference(rule: Any, places: Places) -> str | None:
    if not isinstance(rule, str):
        return "must be text"
    return None if places.resolve(rule) is NOWHERE else ""


def _type(rule: Any) -> str:
    wanted = rule if isinstance(rule, list) else [rule]
    if wanted and all(isinstance(name, str) and name in TYPES for name in wanted) and _is_set(wanted):
        return ""
    return f"must be one of {', '.join(TYPES)}, or an array of them"


def _text(rule: Any) -> str:
    return "" if isinstance(rule, str) else "must be text"


def _dialect(rule: Any) -> str | None:
    if not isinstance(rule, str):
        return "must be text"
    return "" if rule.startswith(DRAFTS) else None


def _anchor(rule: Any) -> str:
    good = isinstance(rule, str) and rule.isascii() and rule[:1] not in "-." and bool(rule)
    good = good and all(sign.isalnum() or sign in "_-." for sign in rule) and not rule[0].isdigit()
    return "" if good else "must consist of letters, digits and _ - . and start with a letter or _"


def _array(rule: Any) -> str:
    return "" if isinstance(rule, list) else "must be an array"


def _anything(_: Any) -> str:
    return ""


def _number(rule: Any) -> str:
    return "" if is_number(rule) else "must be a number"


def _factor(rule: Any) -> str | None:
    if not is_number(rule) or rule <= 0:
        return "must be a number above 0"
    # Doubles have no exact multiples of fractions.
    return "" if isinstance(rule, int) and rule <= EXACT else None


def _count(rule: Any) -> str:
    return "" if is_number(rule) and rule >= 0 and rule % 1 == 0 else "must be a whole number, 0 or more"


def _flag(rule: Any) -> str:
    return "" if isinstance(rule, bool) else "must be true or false"


def _names(rule: Any) -> str:
    good = isinstance(rule, list) and all(isinstance(name, str) for name in rule) and _is_set(rule)
    return "" if good else "must be an array of distinct names"


def _dependent(rule: Any) -> str:
    good = isinstance(rule, dict) and not any(map(_names, rule.values()))
    return "" if good else "must be an object of arrays of names"


def _pattern(rule: Any) -> str | None:
    if not isinstance(rule, str):
        return "must be text"
    from edge.schema.pattern import parse

    try:
        parse(rule)
    except ValueError:
        return None
    return ""


def _is_set(values: list[Any]) -> bool:
    return len(set(values)) == len(values)


_WORDS: dict[str, Callable[[Any], str | None]] = {
    "$schema": _dialect,
    "$anchor": _anchor,
    "type": _type,
    "enum": _array,
    "const": _anything,
    "minimum": _number,
    "maximum": _number,
    "exclusiveMinimum": _number,
    "exclusiveMaximum": _number,
    "multipleOf": _factor,
    "minLength": _count,
    "maxLength": _count,
    "pattern": _pattern,
    "minContains": _count,
    "maxContains": _count,
    "minItems": _count,
    "maxItems": _count,
    "uniqueItems": _flag,
    "required": _names,
    "minProperties": _count,
    "maxProperties": _count,
    "dependentRequired": _dependent,
}
"""The problem of a word's value; None for a word that is not checked."""
