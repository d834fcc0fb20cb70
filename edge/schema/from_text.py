"""Converts text of a command line to a value that a schema allows."""

from __future__ import annotations

from edge.schema import problems
from edge.schema.references import NOWHERE, Places
from edge.schema.values import EXACT, has_type, is_number, named

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

    What is written as JSON is that, where the schema takes values of its type: one that is out of range is
    answered all the same, for whoever checks it, and does not become text. Everything else stays text.
    Raises `ValueError` for what can be neither. `root`: what references of the schema lead into.
    """
    wanted = types(_referred(schema, root))
    if not _is_utf8(text):
        raise ValueError("must be UTF-8")
    if wanted == ["string"]:
        return text
    try:
        value = _from_json(text, wanted)
    except ValueError:
        value = text
    takes_text = not wanted or "string" in wanted
    if isinstance(value, str):
        if takes_text:
            return text
        raise ValueError(f"must be {named(wanted)}")
    if not takes_text or not problems(schema, value, root=root) or problems(schema, text, root=root):
        return value
    places = Places(root)
    meant = _takes(schema, value, places, MAX_CHAIN) and not _lists(schema, text, places, MAX_CHAIN)
    return value if meant else text


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


def _takes(schema: Schema, value: Any, places: Places, left: int) -> bool:
    """Whether a schema takes values of the type of this one, as far as it names types."""
    if not isinstance(schema, dict):
        return schema
    if not left:
        return True
    wanted = types(schema)
    if wanted and not any(has_type(value, name) for name in wanted):
        return False
    listed = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else [value]
    if not any(_is_alike(value, each) for each in listed):
        return False
    excluded = schema.get("not", False)
    if isinstance(excluded, dict) and set(excluded) == {"type"} and _takes(excluded, value, places, left - 1):
        return False
    every, some = _parts(schema, places)
    return all(_takes(part, value, places, left - 1) for part in every) and all(
        any(_takes(part, value, places, left - 1) for part in group) for group in some
    )


def _lists(schema: Schema, text: str, places: Places, left: int) -> bool:
    """Whether a schema names this very text among the values that it takes."""
    if not isinstance(schema, dict) or not left:
        return False
    if text in schema.get("enum", ()) or schema.get("const") == text:
        return True
    every, some = _parts(schema, places)
    return any(_lists(part, text, places, left - 1) for group in (every, *some) for part in group)


def _parts(schema: dict[str, Any], places: Places) -> tuple[list[Schema], list[list[Schema]]]:
    """Schemas for the same value: those that it has to fit all, and groups of which it has to fit one."""
    target = places.resolve(schema["$ref"]) if "$ref" in schema else NOWHERE
    every = [*schema.get("allOf", ()), *(() if target is NOWHERE else (target,))]
    return every, [schema[word] for word in ("anyOf", "oneOf") if word in schema]


def _is_alike(value: Any, other: Any) -> bool:
    """Whether two values are of one type; whole numbers and others are."""
    return (is_number(value) and is_number(other)) or type(value) is type(other)


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
