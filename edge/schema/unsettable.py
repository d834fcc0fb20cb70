"""Schemas that no value can fit, as far as that shows without one: asked where plugins are packed.

References in a circle, more steps than a check may take, listed values of which none fits, empty ranges.
Whether any value fits a schema can't be decided in general.
"""

from __future__ import annotations

from edge.schema import MAX_DEPTH, MAX_STEPS
from edge.schema.assertions import CHECKS
from edge.schema.references import LIST, NOWHERE, ONE, TABLE, Places, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from edge.schema import Schema

ALWAYS = {"$ref": ONE, "allOf": LIST, "anyOf": LIST, "oneOf": LIST, "not": ONE, "if": ONE}
"""Words whose schemas are applied to the value itself, whatever that is."""

SOMETIMES = {"then": ONE, "else": ONE, "dependentSchemas": TABLE}
"""The same for some values."""

RANGES = {
    "minimum": ("maximum", {"integer", "number"}),
    "minLength": ("maxLength", {"string"}),
    "minItems": ("maxItems", {"array"}),
    "minProperties": ("maxProperties", {"object"}),
}

CIRCLE = "its references lead in a circle, so that no value can be set"
DEEP = f"its references lead through more than {MAX_DEPTH} schemas, so that no value can be set"
STEPS = f"checking a value takes more than {MAX_STEPS} steps, so that none can be set"
COSTLY = ("enum", "const", "pattern", "uniqueItems")
LISTED = "none of the values that it lists fits the rest of it"


def unsettable(schema: Schema) -> list[tuple[str, str]]:
    """The places, as JSON pointers, of schemas that no value fits, and why.

    The schema has to be one with which `edge.schema.words.faults` finds nothing wrong.
    """
    walked = _Walked(schema)
    found = []
    for place, part in walk(schema, ""):
        # The value at any other place is within the whole, which is a step and a level of its own.
        reason = walked.reason(part, bool(place)) or _contradiction(part)
        if reason:
            found.append((place, reason))
    return found


class _Walked:
    """What of a schema has been followed: how many schemas each applies to one value, and how deep."""

    __slots__ = ("_done", "_places", "_under_way")

    def __init__(self, root: Schema) -> None:
        self._places = Places(root)
        self._done: dict[int, tuple[str, int, int]] = {}
        self._under_way: set[int] = set()

    def reason(self, schema: Schema, within: int) -> str:
        """Why no value can be checked by a schema, empty where one can; `within`: levels around it."""
        reason, steps, depth = self._follow(schema)
        if reason:
            return reason
        if depth + within > MAX_DEPTH:
            return DEEP
        return STEPS if steps + within > MAX_STEPS else ""

    def _follow(self, schema: Schema) -> tuple[str, int, int]:
        """What is wrong, how many steps a schema takes at the least, and how deep it goes."""
        if not isinstance(schema, dict):
            return "", 1, 1
        known = self._done.get(id(schema))
        if known is not None:
            return known
        if id(schema) in self._under_way:
            return CIRCLE, 0, 0
        if len(self._under_way) >= MAX_DEPTH:
            return DEEP, 0, 0
        self._under_way.add(id(schema))
        steps = depth = 1
        reason = ""
        for words, counts in ((ALWAYS, True), (SOMETIMES, False)):
            for part in self._parts(schema, words):
                wrong, more, below = self._follow(part)
                reason = reason or wrong
                steps = min(steps + more * counts, MAX_STEPS + 1)
                depth = max(depth, below + 1)
        self._under_way.discard(id(schema))
        self._done[id(schema)] = reason, steps, depth
        return reason, steps, depth

    def _parts(self, schema: dict[str, Any], words: dict[str, str]) -> Iterator[Schema]:
        for word, holds in words.items():
            if word not in schema:
                continue
            rule = self._places.resolve(schema[word]) if word == "$ref" else schema[word]
            if holds == ONE:
                if rule is not NOWHERE:
                    yield rule
            else:
                yield from rule if holds == LIST else rule.values()


def _contradiction(schema: Schema) -> str:
    """Why no value fits the plain words of a schema; a stranger's is gone through once, whatever it holds."""
    if not isinstance(schema, dict):
        return ""
    listed = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else None
    if listed is not None:
        rules = [
            (CHECKS[word], rule) for word, rule in schema.items() if word in CHECKS and word not in COSTLY
        ]
        return LISTED if all(any(check(rule, value) for check, rule in rules) for value in listed) else ""
    named = schema.get("type", ())
    types = {named} if isinstance(named, str) else set(named)
    for low, (high, about) in RANGES.items():
        if types and types <= about and low in schema and high in schema and schema[low] > schema[high]:
            return f"{low} is larger than {high}, so that no value can be set"
    return ""
