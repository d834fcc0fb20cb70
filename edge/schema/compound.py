"""Words of a schema that apply other schemas to the same value: references, alternatives, conditions.

`contains` is one of them: it selects some items. Schemas come from strangers: references may form cycles and
alternatives may double at every step, so the steps for one value are counted (`edge.schema.Run`). RATIONALE,
"Why there is one validator for schemas".
"""

from __future__ import annotations

from edge.schema.references import NOWHERE
from edge.schema.values import pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.schema import Run, Schema, Seen

MAX_REASONS = 3


def check(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    """Checks a value by these words of a schema; returns what of it their schemas have evaluated."""
    seen: Seen = set()
    for word in WORDS:
        if word in schema:
            seen |= WORDS[word](run, schema, value, place)
    return seen


def _reference(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    target = run.places.resolve(schema["$ref"])
    return _unchecked(run, schema, value, place) if target is NOWHERE else run.check(target, value, place)


def _unchecked(_run: Run, _schema: dict[str, Any], value: Any, _place: str) -> Seen:
    """A schema that is not applied may concern any part of the value."""
    if isinstance(value, list):
        return set(range(len(value)))
    return set(value) if isinstance(value, dict) else set()


def _all(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    seen: Seen = set()
    for part in schema["allOf"]:
        seen |= run.check(part, value, place)
    return seen


def _any(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    return _alternatives(run, schema["anyOf"], value, place)[1]


def _one(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    fitting, seen = _alternatives(run, schema["oneOf"], value, place)
    # A part that is not set yet decides between them.
    if fitting > 1 and not run.is_open(place):
        run.say(place, f"matches {fitting} alternatives, but must match exactly one")
    return seen


def _alternatives(run: Run, schemas: list[Schema], value: Any, place: str) -> tuple[int, Seen]:
    """The number of matching alternatives, and what they evaluated; reports why if none matches."""
    reasons = []
    seen: Seen = set()
    for schema in schemas:
        found, looked = run.apart(schema, value, place)
        seen |= looked
        if found:
            reasons.append(found[0].partition(": ")[2])
    fitting = len(schemas) - len(reasons)
    if not fitting:
        more = " …" if len(reasons) > MAX_REASONS else ""
        run.say(place, f"{', or '.join(dict.fromkeys(reasons[:MAX_REASONS]))}{more}")
    return fitting, seen


def _not(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    if run.is_open(place) and not _is_decided(schema["not"], value):
        return set()
    if not run.apart(schema["not"], value, place)[0]:
        run.say(place, "is excluded by the schema")
    return set()


def _condition(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    found, seen = run.apart(schema["if"], value, place)
    # A part that is not set may decide whether a condition holds.
    if run.is_open(place) and not _is_decided(schema["if"], value):
        return _unchecked(run, schema, value, place)
    return seen | run.check(schema.get("else" if found else "then", True), value, place)


def _contains(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    if not isinstance(value, list):
        return set()
    seen: Seen = set()
    for at, item in enumerate(value):
        if not run.apart(schema["contains"], item, pointer(place, at))[0]:
            seen.add(at)
    least, most = schema.get("minContains", 1), schema.get("maxContains", len(value))
    if len(seen) < least:
        run.say(place, f"must contain at least {least:g} matching items, but contains {len(seen)}")
    if len(seen) > most:
        run.say(place, f"must contain at most {most:g} matching items, but contains {len(seen)}")
    return seen


def _is_decided(condition: Schema, value: Any) -> bool:
    """Whether all properties of a condition are set."""
    if not isinstance(condition, dict) or not isinstance(value, dict):
        return True
    asked = (*condition.get("properties", ()), *condition.get("required", ()))
    return all(name in value for name in asked)


def _dependent(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    if not isinstance(value, dict) or run.is_open(place):
        return set()
    for name, others in schema["dependentRequired"].items():
        for other in others if name in value else ():
            if other not in value:
                run.say(pointer(place, other), "is missing")
    return set()


def _dependent_schemas(run: Run, schema: dict[str, Any], value: Any, place: str) -> Seen:
    seen: Seen = set()
    for name, part in schema["dependentSchemas"].items():
        if isinstance(value, dict) and name in value:
            seen |= run.check(part, value, place)
    return seen


WORDS: dict[str, Callable[[Run, dict[str, Any], Any, str], Seen]] = {
    "$ref": _reference,
    "$dynamicRef": _unchecked,
    "allOf": _all,
    "anyOf": _any,
    "oneOf": _one,
    "not": _not,
    "if": _condition,
    "contains": _contains,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent_schemas,
}
