"""Converts text of a command line to a value that a schema allows."""

from __future__ import annotations

from edge.schema import problems
from edge.schema.references import NOWHERE, Places
from edge.schema.values import EXACT, has_type, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.schema import Schema

MAX_CHAIN = 8
"""Maximum length of a chain of references."""

MIN_INTEGER, MAX_INTEGER = -(1 << 63), (1 << 64) - 1
"""The whole numbers that the native library keeps exactly."""

MAX_DIGITS = 400


def typed(schema: Schema, text: str, root: Schema = True) -> Any:
    """The value of a command line's text, in the type that the schema requires.

    Text stays text if only that is valid. Otherwise, JSON is preferred to text if the schema allows it.
    Raises `ValueError` if neither is valid. `root`: the schema that references lead into.
    """
    wanted = types(_referred(schema, root))
    if not _is_utf8(text):
        raise ValueError("must be UTF-8")
    if wanted == ["string"]:
        return text
    candidates = []
    try:
        value = _from_json(text, wanted)
    except ValueError:
        pass
    else:
        if not isinstance(value, str):
            candidates.append(value)
    if not wanted or "string" in wanted:
        candidates.append(text)
    for candidate in candidates:
        if not problems(schema, candidate, root=root):
            return candidate
    if not candidates:
        raise ValueError(f"must be {named(wanted)}")
    return candidates[0]


def changed_number(text: str) -> str:
    """The problem of a whole number in a JSON text that would not be kept exactly; empty if there is none."""
    import json

    wrong: list[str] = []

    def whole(digits: str) -> None:
        if len(digits) > MAX_DIGITS or not MIN_INTEGER <= int(digits) <= MAX_INTEGER:
            wrong.append(f"is out of range: whole numbers must be between {MIN_INTEGER} and {MAX_INTEGER}")

    def fraction(digits: str) -> None:
        number, _, rest = digits.partition(".")
        is_whole = "e" not in digits.lower() and not rest.strip("0")
        if is_whole and (len(number) > MAX_DIGITS or int(float(number)) != int(number)):
            wrong.append(f"is out of range: whole numbers with a decimal point must not exceed {EXACT}")

    json.loads(text, parse_int=whole, parse_float=fraction)
    return wrong[0] if wrong else ""


def types(schema: Schema) -> list[str]:
    """The types that a schema names; none for any."""
    wanted = schema.get("type", []) if isinstance(schema, dict) else []
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _referred(schema: Schema, root: Schema) -> Schema:
    """The schema that a reference leads to, through a short chain of references."""
    places = Places(root)
    for _ in range(MAX_CHAIN):
        if not isinstance(schema, dict) or "$ref" not in schema or "type" in schema:
            break
        target = places.resolve(schema["$ref"])
        if target is NOWHERE:
            break
        schema = target
    return schema


def _is_utf8(text: str) -> bool:
    """Whether it came from a command line as UTF-8; other bytes became lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _from_json(text: str, types: list[str]) -> Any:
    from edge import _native as native
    from edge import errors

    try:
        value = native.read_json(text.encode())
    except errors.ArgumentsError:
        raise ValueError("is not JSON") from None
    changed = changed_number(text)
    if changed:
        raise ValueError(changed)
    if isinstance(value, float) and value.is_integer() and types == ["integer"] and abs(value) <= EXACT:
        return int(value)
    if types and not any(has_type(value, name) for name in types):
        raise ValueError("has the wrong type")
    return value
