"""A plugin's configuration against its JSON Schema: the part of JSON Schema that a device checks.

    type enum const · minimum maximum exclusiveMinimum exclusiveMaximum multipleOf (a whole number)
    minLength maxLength pattern (edge/schema/pattern.py) · prefixItems items minItems maxItems uniqueItems
    properties patternProperties additionalProperties propertyNames required minProperties maxProperties
    $ref to `#` and below · allOf anyOf oneOf not · if then else · dependentRequired dependentSchemas
    true and false as schemas

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
MAX_STEPS = 20_000
MAX_DEPTH = 100
MAX_CHAIN = 8
"""Schemas applied to one value and its parts, in all and within one another."""

EXACT = 1 << 53
"""Up to here every whole number is one as a double, too."""

LEAST, MOST = -(1 << 63), (1 << 64) - 1
"""The whole numbers that the native library keeps as they are."""

MAX_DIGITS = 400


class TooMuch(Exception):
    """Checking a value takes more steps than it may."""


class Run:
    """One value being checked.

    root     the schema that references lead into
    partial  whether properties at the top may still be missing
    found    what is wrong so far
    """

    __slots__ = ("_depth", "_left", "found", "partial", "root")

    def __init__(self, root: Schema, *, partial: bool) -> None:
        self.root = root
        self.partial = partial
        self.found: list[str] = []
        self._left = MAX_STEPS
        self._depth = 0

    def check(self, schema: Schema, value: Any, place: str) -> None:
        """Checks a value, or a part of it, by a schema."""
        self._left -= 1
        if self._left < 0 or self._depth >= MAX_DEPTH:
            raise TooMuch
        self._depth += 1
        _check(self, schema, value, place)
        self._depth -= 1

    def apart(self, schema: Schema, value: Any, place: str) -> list[str]:
        """What a value does wrong by a schema that it need not fit."""
        kept, self.found = self.found, []
        self.check(schema, value, place)
        found, self.found = self.found, kept
        return found

    def is_open(self, place: str) -> bool:
        """Whether what is missing at a place may still come."""
        return self.partial and not place

    def say(self, place: str, reason: str) -> None:
        """Notes what is wrong."""
        self.found.append(f"{place or WHOLE}: {reason}")


def problems(schema: Schema, value: Any, *, partial: bool = False, root: Schema | None = None) -> list[str]:
    """What a value does wrong, each with its place; nothing when it fits.

    `partial`: properties at the top may still be missing. `root`: what references lead into.
    The schema has to be one with which `edge.schema.words.faults` finds nothing wrong.
    """
    run = Run(schema if root is None else root, partial=partial)
    try:
        run.check(schema, value, "")
    except TooMuch:
        return [f"{WHOLE}: its schema takes more than {MAX_STEPS} steps, or leads in a circle"]
    return run.found


def unknown_keywords(schema: Schema) -> list[str]:
    """Where a schema asks for what is not checked, as JSON pointers into it."""
    from edge.schema.words import unknown

    return unknown(schema)


def typed(schema: Schema, text: str, root: Schema = True) -> Any:
    """Text of a command line as a value of the type that the schema wants.

    Text stays text where only that fits. Otherwise what is written as JSON is taken for it, if the schema
    allows that, before it is taken for text. Raises `ValueError` for what can be neither.
    `root`: what references of the schema lead into.
    """
    wanted = types(_referred(schema, root))
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
        if not problems(schema, candidate, root=root):
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


def _referred(schema: Schema, root: Schema) -> Schema:
    """What a schema that is a reference refers to; a chain of them is followed a few times only."""
    from edge.schema.compound import NOWHERE, resolve

    for _ in range(MAX_CHAIN):
        if not isinstance(schema, dict) or "$ref" not in schema or "type" in schema:
            break
        target = resolve(root, schema["$ref"])
        if target is NOWHERE:
            break
        schema = target
    return schema


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


def _check(run: Run, schema: Schema, value: Any, place: str) -> None:
    if schema is False:
        run.say(place, "nothing is allowed here")
    if isinstance(schema, bool):
        return
    for word, rule in schema.items():
        check = _CHECKS.get(word)
        reason = check(rule, value) if check is not None else ""
        if reason:
            run.say(place, reason)
    if isinstance(value, dict):
        _check_object(run, schema, value, place)
    elif isinstance(value, list):
        first = schema.get("prefixItems", ())
        for at, item in enumerate(value):
            rules = first[at] if at < len(first) else schema.get("items", True)
            run.check(rules, item, pointer(place, at))
    from edge.schema import compound

    compound.check(run, schema, value, place)


def _check_object(run: Run, schema: dict[str, Any], value: dict[str, Any], place: str) -> None:
    for key in () if run.is_open(place) else schema.get("required", ()):
        if key not in value:
            run.say(pointer(place, key), "is missing")
    names = schema.get("propertyNames", True)
    for key, item in value.items():
        where = pointer(place, key)
        rules = _rules_for(schema, key)
        if rules == [False]:
            run.say(where, "there is no such property")
            continue
        for rule in rules:
            run.check(rule, item, where)
        if run.apart(names, key, where):
            run.say(where, "there may be no property of that name")


def _rules_for(schema: dict[str, Any], key: str) -> list[Schema]:
    """The schemas that a property has to fit."""
    known = schema.get("properties", {})
    found = [known[key]] if key in known else []
    is_known = bool(found)
    for pattern, rule in schema.get("patternProperties", {}).items():
        matches = _matches(pattern, key)
        # A pattern that can't be read may well be about it.
        is_known = is_known or matches is not False
        if matches:
            found.append(rule)
    return found if is_known else [schema.get("additionalProperties", True)]


def _matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern is in a text, None for one that can't be read."""
    from edge.schema.pattern import parse

    try:
        return parse(pattern).matches(text)
    except ValueError:
        return None


def _type(rule: str | list[str], value: Any) -> str:
    wanted = [rule] if isinstance(rule, str) else rule
    return "" if any(has_type(value, name) for name in wanted) else f"has to be {named(wanted)}"


def _enum(rule: list[Any], value: Any) -> str:
    return "" if identity(value) in set(map(identity, rule)) else f"has to be one of {spelled(rule)}"


def _const(rule: Any, value: Any) -> str:
    return "" if identity(value) == identity(rule) else f"has to be {spelled([rule])}"


def spelled(values: list[Any]) -> str:
    """Values of a schema, for people."""
    from edge.json_text import json_text

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
    wrong = isinstance(value, str) and _matches(rule, value) is False
    return f"has to match {rule}" if wrong else ""


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
    "minProperties": _at_least(dict, "properties"),
    "maxProperties": _at_most(dict, "properties"),
    "uniqueItems": _unique,
}
