"""Words of a schema that hold other schemas for the same value: references, alternatives, conditions.

A schema is a stranger's: references may lead in circles and alternatives may double at every step, so all
that is done for one value is counted (`edge.schema.Run`).
RATIONALE, "Why there is one validator for schemas".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.schema import Run, Schema

MAX_REASONS = 3
NOWHERE: Any = object()


def resolve(root: Any, reference: Any) -> Any:
    """What a reference within the schema leads to, a JSON pointer behind `#`; `NOWHERE` for any other."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        return NOWHERE
    found = root
    for part in reference.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isascii() and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return NOWHERE
    return found if isinstance(found, (dict, bool)) else NOWHERE


def check(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    """Checks a value by these words of a schema."""
    for word in WORDS:
        if word in schema:
            WORDS[word](run, schema, value, place)


def _reference(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    target = resolve(run.root, schema["$ref"])
    if target is not NOWHERE:
        run.check(target, value, place)


def _all(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    for part in schema["allOf"]:
        run.check(part, value, place)


def _any(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    _alternatives(run, schema["anyOf"], value, place)


def _one(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    fitting = _alternatives(run, schema["oneOf"], value, place)
    # What is not set yet decides between them.
    if fitting > 1 and not run.is_open(place):
        run.say(place, f"fits {fitting} alternatives, and has to fit one only")


def _alternatives(run: Run, schemas: list[Schema], value: Any, place: str) -> int:
    """How many fit; says why where none does."""
    reasons = []
    for schema in schemas:
        found = run.apart(schema, value, place)
        if found:
            reasons.append(found[0].partition(": ")[2])
    fitting = len(schemas) - len(reasons)
    if not fitting:
        more = " …" if len(reasons) > MAX_REASONS else ""
        run.say(place, f"{', or '.join(dict.fromkeys(reasons[:MAX_REASONS]))}{more}")
    return fitting


def _not(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    if run.is_open(place) and not _is_decided(schema["not"], value):
        return
    if not run.apart(schema["not"], value, place):
        run.say(place, "is what the schema excludes")


def _condition(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    if "then" not in schema and "else" not in schema:
        return
    holds = not run.apart(schema["if"], value, place)
    # A value that is not set may be why a condition of the whole does not hold, or holds.
    if not run.is_open(place) or _is_decided(schema["if"], value):
        run.check(schema.get("then" if holds else "else", True), value, place)


def _is_decided(condition: Schema, value: Any) -> bool:
    """Whether all properties that a condition is about are set."""
    if not isinstance(condition, dict) or not isinstance(value, dict):
        return True
    asked = (*condition.get("properties", ()), *condition.get("required", ()))
    return all(name in value for name in asked)


def _dependent(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    if not isinstance(value, dict) or run.is_open(place):
        return
    from edge.schema import pointer

    for name, others in schema["dependentRequired"].items():
        for other in others if name in value else ():
            if other not in value:
                run.say(pointer(place, other), "is missing")


def _dependent_schemas(run: Run, schema: dict[str, Any], value: Any, place: str) -> None:
    for name, part in schema["dependentSchemas"].items():
        if isinstance(value, dict) and name in value:
            run.check(part, value, place)


WORDS: dict[str, Callable[[Run, dict[str, Any], Any, str], None]] = {
    "$ref": _reference,
    "allOf": _all,
    "anyOf": _any,
    "oneOf": _one,
    "not": _not,
    "if": _condition,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent_schemas,
}
