"""A plugin's configuration against its JSON Schema: the part of JSON Schema that a device checks.

    type enum const · minimum maximum exclusiveMinimum exclusiveMaximum multipleOf (a whole number)
    minLength maxLength pattern (edge/schema/pattern.py)
    prefixItems items contains minContains maxContains unevaluatedItems minItems maxItems uniqueItems
    properties patternProperties additionalProperties unevaluatedProperties propertyNames required
    minProperties maxProperties dependentRequired dependentSchemas
    $ref to `#`, to a pointer below it and to an $anchor · allOf anyOf oneOf not · if then else
    true and false as schemas

with the meaning of draft 2020-12. title, description, default, examples and the like are informational.
Other words of a schema are reported where plugins are packed (edge/schema/words.py), and not checked here.

Places are JSON pointers. Messages never repeat a value: it may have been a secret.
"""

from __future__ import annotations

from edge.schema import compound
from edge.schema.assertions import CHECKS, matches
from edge.schema.references import Places
from edge.schema.values import WHOLE, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any] | bool
    Seen = set[str | int]
    """The properties, or the indexes of the items, that a schema has evaluated."""

NO_PROPERTY = "no such property"
MAX_STEPS = 20_000
MAX_DEPTH = 100
"""Schemas applied to one value and its parts, in all and nested."""


class TooMuch(Exception):
    """Checking a value exceeds the step limit."""


class Run:
    """The check of one value.

    places   the schemas that references lead to
    partial  whether top-level properties may still be missing
    found    the problems so far
    """

    __slots__ = ("_depth", "_left", "found", "partial", "places")

    def __init__(self, root: Schema, *, partial: bool) -> None:
        self.places = Places(root)
        self.partial = partial
        self.found: list[str] = []
        self._left = MAX_STEPS
        self._depth = 0

    def check(self, schema: Schema, value: Any, place: str) -> Seen:
        """Checks a value, or a part of it, by a schema; returns what of it the schema has evaluated."""
        self._left -= 1
        if self._left < 0 or self._depth >= MAX_DEPTH:
            raise TooMuch
        self._depth += 1
        seen = _check(self, schema, value, place)
        self._depth -= 1
        return seen

    def apart(self, schema: Schema, value: Any, place: str) -> tuple[list[str], Seen]:
        """The problems of a value with an optional schema; if there are none, what the schema evaluated."""
        kept, self.found = self.found, []
        seen = self.check(schema, value, place)
        found, self.found = self.found, kept
        return found, set() if found else seen

    def is_open(self, place: str) -> bool:
        """Whether a missing part at a place may still be set."""
        return self.partial and not place

    def say(self, place: str, reason: str) -> None:
        """Adds a problem."""
        self.found.append(f"{place or WHOLE}: {reason}")


def problems(schema: Schema, value: Any, *, partial: bool = False, root: Schema | None = None) -> list[str]:
    """The problems of a value, each with its place; empty if it is valid.

    `partial`: top-level properties may still be missing. `root`: the schema that references lead into.
    The schema must be one for which `edge.schema.words.faults` finds no problem.
    """
    run = Run(schema if root is None else root, partial=partial)
    try:
        run.check(schema, value, "")
    except TooMuch:
        return [f"{WHOLE}: its schema takes more than {MAX_STEPS} steps or refers to itself"]
    return run.found


def _check(run: Run, schema: Schema, value: Any, place: str) -> Seen:
    if schema is False:
        run.say(place, "no value is allowed here")
    if isinstance(schema, bool):
        return set()
    before = len(run.found)
    for word, rule in schema.items():
        check = CHECKS.get(word)
        reason = check(rule, value) if check is not None else ""
        if reason:
            run.say(place, reason)
    seen: Seen = set()
    if isinstance(value, dict):
        seen = _check_object(run, schema, value, place)
    elif isinstance(value, list):
        seen = _check_array(run, schema, value, place)
    seen |= compound.check(run, schema, value, place)
    # After another problem, parts that were not evaluated are no second one.
    if len(run.found) == before:
        seen |= _check_unevaluated(run, schema, value, place, seen)
    return seen


def _check_array(run: Run, schema: dict[str, Any], value: list[Any], place: str) -> Seen:
    first = schema.get("prefixItems", ())
    for at, item in enumerate(value):
        rules = first[at] if at < len(first) else schema.get("items", True)
        run.check(rules, item, pointer(place, at))
    return set(range(len(value) if "items" in schema else min(len(first), len(value))))


def _check_object(run: Run, schema: dict[str, Any], value: dict[str, Any], place: str) -> Seen:
    for key in () if run.is_open(place) else schema.get("required", ()):
        if key not in value:
            run.say(pointer(place, key), "is missing")
    names = schema.get("propertyNames", True)
    seen: Seen = set()
    for key, item in value.items():
        where = pointer(place, key)
        rules = _rules_for(schema, key)
        if rules is None:
            rules = [schema.get("additionalProperties", True)]
            if "additionalProperties" in schema:
                seen.add(key)
        else:
            seen.add(key)
        if rules == [False]:
            run.say(where, NO_PROPERTY)
            continue
        for rule in rules:
            run.check(rule, item, where)
        if run.apart(names, key, where)[0]:
            run.say(where, "no property of this name is allowed")
    return seen


def _rules_for(schema: dict[str, Any], key: str) -> list[Schema] | None:
    """The schemas that a property must match, None if the schema does not name it."""
    known = schema.get("properties", {})
    found = [known[key]] if key in known else []
    is_known = bool(found)
    for pattern, rule in schema.get("patternProperties", {}).items():
        fits = matches(pattern, key)
        # A pattern that cannot be read may match the property.
        is_known = is_known or fits is not False
        if fits:
            found.append(rule)
    return found if is_known else None


def _check_unevaluated(run: Run, schema: dict[str, Any], value: Any, place: str, seen: Seen) -> Seen:
    """Checks what no other word of the schema has evaluated, by the word for that."""
    parts: list[Any] = []
    if isinstance(value, dict) and "unevaluatedProperties" in schema:
        rule, parts = schema["unevaluatedProperties"], list(value.items())
    elif isinstance(value, list) and "unevaluatedItems" in schema:
        rule, parts = schema["unevaluatedItems"], list(enumerate(value))
    for key, item in parts:
        if key in seen:
            continue
        if rule is False:
            run.say(pointer(place, key), NO_PROPERTY if isinstance(value, dict) else "no such item")
        else:
            run.check(rule, item, pointer(place, key))
    return {key for key, _ in parts}
