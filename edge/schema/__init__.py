"""A plugin's configuration against its JSON Schema: the part of JSON Schema that a device checks.

    type enum const · minimum maximum exclusiveMinimum exclusiveMaximum multipleOf (a whole number)
    minLength maxLength pattern (edge/schema/pattern.py) · items minItems maxItems uniqueItems
    properties required additionalProperties · true and false as schemas

with the meaning of draft 2020-12. title, description, default, examples and the like say something to people.
What a schema asks beyond this is told where plugins are packed (edge/schema/words.py) and not checked here.

Places are JSON pointers. What is said of a value never repeats it: it may have been a secret.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sized
    from typing import Any

    Schema = dict[str, Any] | bool

WHOLE = "the whole"
"""What the place of the value itself is called, whose pointer is empty."""

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
EXACT = 1 << 53
"""Up to here every whole number is one as a double, too."""

LEAST, MOST = -(1 << 63), (1 << 64) - 1
"""The whole numbers that the native library keeps as they are."""

MAX_DIGITS = 400


def problems(schema: Schema, value: Any) -> list[str]:
    """What a value does wrong, each with its place; nothing when it fits.

    The schema has to be one with which `edge.schema.words.faults` finds nothing wrong.
    """
    found: list[str] = []
    _check(schema, value, "", found)
    return found


def unknown_keywords(schema: Schema) -> list[str]:
    """Where a schema asks for what is not checked, as JSON pointers into it."""
    from edge.schema.words import unknown

    return unknown(schema)


def typed(schema: Schema, text: str) -> Any:
    """Text of a command line as a value of the type that the schema wants.

    Text stays text where only that fits. Otherwise what is written as JSON is taken for it, if the schema
    allows that, before it is taken for text. Raises `ValueError` for what can be neither.
    """
    wanted = types(schema)
    if not _is_utf8(text):
        raise ValueError("has to be UTF-8")
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
        if not problems(schema, candidate):
            return candidate
    if not candidates:
        raise ValueError(f"has to be {named(wanted)}")
    return candidates[0]


def named(types: list[str]) -> str:
    """Types as people call them."""
    return " or ".join(NAMES[name] for name in types)


def pointer(place: str, key: str | int) -> str:
    """The place of something inside another place."""
    return f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}"


def has_type(value: Any, name: str) -> bool:
    """Whether a value is of one of `TYPES`; a number without a fraction is an integer."""
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, int):
        return name in ("integer", "number")
    if isinstance(value, float):
        return name == "number" or (name == "integer" and value.is_integer())
    return name == _CLASSES[type(value)]


def changed_number(text: str) -> str:
    """What is wrong with a whole number of a JSON text that would be kept as another one; empty for none."""
    import json

    wrong: list[str] = []

    def whole(digits: str) -> None:
        if len(digits) > MAX_DIGITS or not LEAST <= int(digits) <= MOST:
            wrong.append(f"is too large a number: whole ones go from {LEAST} to {MOST}")

    def fraction(digits: str) -> None:
        number, _, rest = digits.partition(".")
        is_whole = "e" not in digits.lower() and not rest.strip("0")
        if is_whole and (len(number) > MAX_DIGITS or int(float(number)) != int(number)):
            wrong.append(f"is too large a number: with a decimal point, whole ones go up to {EXACT}")

    json.loads(text, parse_int=whole, parse_float=fraction)
    return wrong[0] if wrong else ""


def identity(value: Any) -> Hashable:
    """Equal for values that are the same JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", tuple(map(identity, value)))
    if isinstance(value, dict):
        return ("object", frozenset((key, identity(item)) for key, item in value.items()))
    unchanged: Hashable = value
    return unchanged


def types(schema: Schema) -> list[str]:
    """The types that a schema names, none for any."""
    wanted = schema.get("type", []) if isinstance(schema, dict) else []
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _is_utf8(text: str) -> bool:
    """Whether it came from a command line as UTF-8; what did not has lone surrogates."""
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
        raise ValueError("is of another type")
    return value


def _check(schema: Schema, value: Any, place: str, found: list[str]) -> None:
    if schema is False:
        _say(found, place, "nothing is allowed here")
    if isinstance(schema, bool):
        return
    for word, rule in schema.items():
        check = _CHECKS.get(word)
        reason = check(rule, value) if check is not None else ""
        if reason:
            _say(found, place, reason)
    if isinstance(value, dict):
        _check_object(schema, value, place, found)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _check(schema.get("items", True), item, pointer(place, at), found)


def _check_object(schema: dict[str, Any], value: dict[str, Any], place: str, found: list[str]) -> None:
    for key in schema.get("required", ()):
        if key not in value:
            _say(found, pointer(place, key), "is missing")
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key not in known and others is False:
            _say(found, pointer(place, key), "there is no such property")
        else:
            _check(known.get(key, others), item, pointer(place, key), found)


def _say(found: list[str], place: str, reason: str) -> None:
    found.append(f"{place or WHOLE}: {reason}")


def _type(rule: str | list[str], value: Any) -> str:
    wanted = [rule] if isinstance(rule, str) else rule
    return "" if any(has_type(value, name) for name in wanted) else f"has to be {named(wanted)}"


def _enum(rule: list[Any], value: Any) -> str:
    return "" if identity(value) in set(map(identity, rule)) else f"has to be one of {spelled(rule)}"


def _const(rule: Any, value: Any) -> str:
    return "" if identity(value) == identity(rule) else f"has to be {spelled([rule])}"


def spelled(values: list[Any]) -> str:
    """Values of a schema, for people."""
    from edge.text import json_text

    return ", ".join(value if isinstance(value, str) and value else json_text(value) for value in values)


def _minimum(rule: float, value: Any) -> str:
    return f"has to be {rule} or more" if _is_number(value) and value < rule else ""


def _maximum(rule: float, value: Any) -> str:
    return f"has to be {rule} or less" if _is_number(value) and value > rule else ""


def _above(rule: float, value: Any) -> str:
    return f"has to be more than {rule}" if _is_number(value) and value <= rule else ""


def _below(rule: float, value: Any) -> str:
    return f"has to be less than {rule}" if _is_number(value) and value >= rule else ""


def _multiple(rule: Any, value: Any) -> str:
    if isinstance(rule, float) or rule > EXACT:
        return ""
    return f"has to be a multiple of {rule}" if _is_number(value) and value % rule else ""


def _at_least(kind: type[Sized], things: str) -> Callable[[int, Any], str]:
    def check(rule: int, value: Any) -> str:
        wrong = isinstance(value, kind) and len(value) < rule
        return f"has to have {rule} {things} or more" if wrong else ""

    return check


def _at_most(kind: type[Sized], things: str) -> Callable[[int, Any], str]:
    def check(rule: int, value: Any) -> str:
        wrong = isinstance(value, kind) and len(value) > rule
        return f"has to have {rule} {things} or less" if wrong else ""

    return check


def _pattern(rule: str, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    from edge.schema.pattern import parse

    try:
        pattern = parse(rule)
    except ValueError:
        return ""
    return "" if pattern.matches(value) else f"has to match {rule}"


def _unique(rule: bool, value: Any) -> str:
    twice = rule and isinstance(value, list) and len(set(map(identity, value))) < len(value)
    return "has one of its items twice" if twice else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_CLASSES = {str: "string", list: "array", dict: "object", type(None): "null"}
_CHECKS: dict[str, Callable[[Any, Any], str]] = {
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
    "uniqueItems": _unique,
}
