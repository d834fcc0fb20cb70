"""The small validator of devices against the well-kept one, on schemas that both know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import schema
from edge.schema import from_text, words
from edge.schema.unsettable import unsettable
from edge.schema.values import TYPES
from edge.schema.words import unknown

jsonschema = pytest.importorskip("jsonschema", reason="comes with Python 3.10 and newer")

names = st.sampled_from(["a", "b", "c/d", "é~"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([0.5, 2.0, -1.5])
    | st.sampled_from(["", "a", "ab", "abc", "é", "12", "a-b"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
types = st.sampled_from(TYPES)
patterns = st.sampled_from(["^a", "b$", "^[a-c]+$", "^\\d{2}$", ".", "^[^/]*$", "a?b", "\\w-\\w"])


DEFINITIONS = {
    "known": {"maxLength": 2, "maximum": 4, "properties": {"a": True}},
    "other": {"$anchor": "named", "prefixItems": [True], "contains": {"type": "null"}, "minContains": 0},
}


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    words: dict[str, st.SearchStrategy[Any]] = {
        "type": types | st.lists(types, min_size=1, max_size=3, unique=True),
        "enum": st.lists(values, min_size=1, max_size=3),
        "const": values,
        "minimum": st.integers(-3, 5),
        "maximum": st.integers(-3, 12),
        "exclusiveMinimum": st.integers(-3, 5),
        "exclusiveMaximum": st.sampled_from([0.5, 3, 12]),
        "multipleOf": st.integers(1, 4),
        "minLength": st.integers(0, 3) | st.just(2.0),
        "maxLength": st.integers(0, 3),
        "pattern": patterns,
        "items": inner,
        "minItems": st.integers(0, 3),
        "maxItems": st.integers(0, 3),
        "uniqueItems": st.booleans(),
        "properties": st.dictionaries(names, inner, max_size=3),
        "required": st.lists(names, max_size=2, unique=True),
        "additionalProperties": inner,
        "patternProperties": st.dictionaries(patterns, inner, max_size=2),
        "propertyNames": inner,
        "minProperties": st.integers(0, 3),
        "maxProperties": st.integers(0, 3),
        "prefixItems": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "anyOf": st.lists(inner, min_size=1, max_size=3),
        "oneOf": st.lists(inner, min_size=1, max_size=3),
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "dependentRequired": st.dictionaries(names, st.lists(names, max_size=2, unique=True), max_size=2),
        "dependentSchemas": st.dictionaries(names, inner, max_size=2),
        "contains": inner,
        "minContains": st.integers(0, 2),
        "maxContains": st.integers(0, 2) | st.just(1.0),
        "unevaluatedProperties": inner,
        "unevaluatedItems": inner,
        "$ref": st.sampled_from(["#/$defs/known", "#named"]),
        "$defs": st.just(DEFINITIONS),
        "title": st.just("text"),
        "x-secret": st.booleans(),
    }
    return st.fixed_dictionaries({}, optional=words)


whole = st.recursive(st.booleans() | schemas(st.booleans()), schemas, max_leaves=4)


@given(whole, values)
def test_both_say_the_same(rules: Any, value: Any) -> None:
    if isinstance(rules, dict):
        rules.setdefault("$defs", DEFINITIONS)
    assert words.faults(rules) == []
    assert unknown(rules) == []
    expected = jsonschema.Draft202012Validator(rules).is_valid(value)
    assert (schema.problems(rules, value) == []) is expected


@given(whole, values)
def test_what_is_said_names_a_place_and_no_value(rules: Any, value: Any) -> None:
    for problem in schema.problems(rules, {"canary": value, "a": "s3cret-canary"}):
        assert "s3cret-canary" not in problem
        assert ":" in problem or problem.startswith("/")


@pytest.mark.parametrize(
    ("rules", "pointers"),
    [
        ({"$dynamicRef": "#a"}, ["/$dynamicRef"]),
        ({"properties": {"a": {"$id": "https://example.org/a"}}}, ["/properties/a/$id"]),
        ({"$ref": "#/x-kept/a", "x-kept": {"a": {"minimum": "1"}}}, ["/$ref"]),
        ({"properties": {"a/b": {"$ref": "https://example.org/b"}}}, ["/properties/a~1b/$ref"]),
        ({"anyOf": [{"$ref": "#/$defs/nothing"}]}, ["/anyOf/0/$ref"]),
        ({"patternProperties": {"(a|b)": {}}}, ["/patternProperties/(a|b)"]),
        ({"pattern": "(a|b)+"}, ["/pattern"]),
        ({"items": {"contains": {"$ref": "#nobody"}}}, ["/items/contains/$ref"]),
        ({"properties": {"a": {"multipleOf": 0.1}}}, ["/properties/a/multipleOf"]),
        ({"multipleOf": 1 << 60}, ["/multipleOf"]),
        ({"title": "x", "x-anything": 1}, []),
    ],
)
def test_what_is_not_checked_is_named(rules: Any, pointers: list[str]) -> None:
    assert unknown(rules) == pointers


@pytest.mark.parametrize(
    ("rules", "text", "value"),
    [
        ({"type": "string"}, "7", "7"),
        ({"type": "integer"}, "7", 7),
        ({"type": "integer"}, "2.0", 2),
        ({"type": "number"}, "0.5", 0.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "array", "items": {"type": "integer"}}, "[1, 2]", [1, 2]),
        ({"type": ["integer", "string"]}, "7", 7),
        ({"type": ["integer", "string"]}, "seven", "seven"),
        # Out of range is no reason to become text.
        ({"type": ["integer", "string"], "minimum": 1}, "0", 0),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}, "0", 0),
        ({"minimum": 1}, "0", 0),
        ({"enum": [1, "0"]}, "0", "0"),
        ({"oneOf": [{"type": "integer", "minimum": 1}, {"const": "0"}]}, "0", "0"),
        ({"not": {"type": "integer"}}, "0", "0"),
        ({"type": ["boolean", "string"]}, "0", "0"),
        ({"enum": ["0", "1"]}, "0", "0"),
        ({"type": "null"}, "null", None),
        (True, "text", "text"),
    ],
)
def test_text_becomes_what_the_schema_wants(rules: Any, text: str, value: Any) -> None:
    found = from_text.typed(rules, text)
    assert (found, type(found)) == (value, type(value))


def test_text_becomes_what_a_reference_wants() -> None:
    root = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"type": "string"}, "loop": {"$ref": "#/$defs/loop"}}}
    assert from_text.typed({"$ref": "#/$defs/a"}, "80", root) == "80"
    assert from_text.typed({"$ref": "#/$defs/loop"}, "80", root) == 80


@pytest.mark.parametrize(
    ("rules", "text"), [({"type": "integer"}, "seven"), ({"type": "boolean"}, "1"), ({"type": "array"}, "{}")]
)
def test_text_that_can_not_become_it_is_refused(rules: Any, text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        from_text.typed(rules, text)


def test_text_that_is_no_utf_8_is_no_text() -> None:
    for rules in ({"type": "string"}, {}, {"type": ["integer", "string"]}):
        with pytest.raises(ValueError, match="UTF-8"):
            from_text.typed(rules, "a\udcff")


@pytest.mark.parametrize("text", ["18446744073709551616", "-18446744073709551616"])
def test_a_number_that_would_become_another_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        from_text.typed({"type": "integer"}, text)


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        (7, "the whole"),
        ({"type": "strnig"}, "/type"),
        ({"type": []}, "/type"),
        ({"type": ["null", "null"]}, "/type"),
        ({"enum": "a"}, "/enum"),
        ({"minimum": "1"}, "/minimum"),
        ({"maximum": True}, "/maximum"),
        ({"multipleOf": 0}, "/multipleOf"),
        ({"minLength": -1}, "/minLength"),
        ({"maxItems": 1.5}, "/maxItems"),
        ({"uniqueItems": "yes"}, "/uniqueItems"),
        ({"required": ["a", "a"]}, "/required"),
        ({"required": "a"}, "/required"),
        ({"pattern": 1}, "/pattern"),
        ({"properties": []}, "/properties"),
        ({"properties": {"a/b": 1}}, "/properties/a~1b"),
        ({"items": [{}]}, "/items"),
        ({"additionalProperties": "no"}, "/additionalProperties"),
        ({"contains": []}, "/contains"),
        ({"minContains": -1}, "/minContains"),
        ({"unevaluatedItems": 1}, "/unevaluatedItems"),
        ({"$anchor": "#a"}, "/$anchor"),
    ],
)
def test_what_is_wrong_with_a_schema_is_told_where_it_is(rules: Any, place: str) -> None:
    (fault,) = words.faults(rules)
    assert fault.startswith(f"{place}: ")
    with pytest.raises(jsonschema.SchemaError):
        jsonschema.Draft202012Validator.check_schema(rules)


@given(st.text(max_size=20))
def test_any_pattern_is_one_or_is_named(pattern: str) -> None:
    rules = {"pattern": pattern}
    if unknown(rules):
        return
    assert isinstance(schema.problems(rules, "some text"), list)


atoms = st.sampled_from(
    ["a", "b", "1", ".", "\\.", "\\d", "\\w", "[ab]", "[^a]", "[a-c1]", "[\\d.-]", "[]-]"]
)
times = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,}", "{0,2}"])
pieces = st.lists(st.tuples(atoms, times).map("".join), max_size=5).map("".join)
known_patterns = st.tuples(st.sampled_from(["", "^"]), pieces, st.sampled_from(["", "$"])).map("".join)


@given(
    known_patterns | st.text(alphabet="ab*+?.^$[]\\d{}1,", max_size=12),
    st.text(alphabet="ab1.-", max_size=12),
)
def test_patterns_mean_what_they_mean_elsewhere(pattern: str, text: str) -> None:
    import re

    rules = {"pattern": pattern}
    if unknown(rules):
        return
    try:
        expected = re.search(pattern, text, re.ASCII) is not None
    except re.error:
        return
    assert (schema.problems(rules, text) == []) is expected, json.dumps(pattern)


def test_the_end_of_a_pattern_is_the_very_end() -> None:
    assert schema.problems({"pattern": "^a$"}, "a\n")
    assert schema.problems({"pattern": "a.b"}, "a\nb")
    assert schema.problems({"pattern": "^\\d$"}, "\N{ARABIC-INDIC DIGIT ONE}")


def test_a_pattern_takes_no_time_out_of_proportion() -> None:
    import time

    rules = {"pattern": "a*a*a*a*a*a*a*a*b$"}
    started = time.process_time()
    assert schema.problems(rules, "a" * 2000)
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ({"$ref": "#"}, {}),
        ({"anyOf": [{"$ref": "#"}, {"type": "object"}]}, {}),
        # Each level asks the next one twice.
        (
            {
                "$defs": {
                    **{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(30)},
                    "30": True,
                },
                "$ref": "#/$defs/0",
            },
            1,
        ),
    ],
)
def test_schemas_that_lead_in_circles_or_double_are_given_up(rules: Any, value: Any) -> None:
    (found,) = schema.problems(rules, value)
    assert "steps" in found


EMPTY_RANGES = {"minimum": 2, "maximum": 1, "minLength": 2, "maxLength": 1}


def _links(length: int, *, twice: bool = False) -> dict[str, Any]:
    """Schemas each of which leads to the next one."""
    links = [{"$ref": f"#/$defs/{at + 1}"} for at in range(length)]
    steps = [{"allOf": [link, link]} if twice else link for link in links]
    return dict(zip(map(str, range(length + 1)), [*steps, True]))


@pytest.mark.parametrize(
    ("rules", "place", "reason"),
    [
        ({"properties": {"port": {"$ref": "#/properties/port"}}}, "/properties/port", "in a circle"),
        ({"properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/properties/a"}]}}}, "", "in a circle"),
        ({"$ref": "#"}, "", "in a circle"),
        ({"properties": {"a": {"if": True, "then": {"$ref": "#/properties/a"}}}}, "", "in a circle"),
        (
            {"$defs": {**{str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(99)}, "99": True}},
            "/$defs/0",
            "100",
        ),
        ({"$defs": {**{str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(98)}, "98": True}}, "", ""),
        (
            {
                "$defs": {
                    **{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(14)},
                    "14": True,
                }
            },
            "/$defs/0",
            "20000 steps",
        ),
        ({"properties": {"a": {"enum": []}}}, "/properties/a", "none of the values"),
        ({"properties": {"a": {"type": "integer", "const": "1"}}}, "/properties/a", "none of the values"),
        ({"properties": {"a": {"type": "integer", "enum": ["1", 2]}}}, "", ""),
        (
            {"properties": {"a": {"type": "integer", "minimum": 2, "maximum": 1}}},
            "/properties/a",
            "minimum is",
        ),
        ({"properties": {"a": {"minimum": 2, "maximum": 1}}}, "", ""),
        # A tree is as deep as its value.
        ({"properties": {"a": {"items": {"$ref": "#/properties/a"}}}}, "", ""),
        ({"properties": {"a": False}}, "", ""),
    ],
)
def test_schemas_that_no_value_fits_are_told(rules: Any, place: str, reason: str) -> None:
    found = unsettable(rules)
    if not reason:
        assert found == []
        return
    assert any(told.startswith(place) and reason in why for told, why in found)


@pytest.mark.parametrize("length", [97, 98])
def test_what_is_told_to_be_too_deep_is_what_is_given_up(length: int) -> None:
    rules = {"$defs": _links(length), "properties": {"a": {"$ref": "#/$defs/0"}}}
    told = [place for place, _ in unsettable(rules)]
    assert ("/properties/a" in told) is bool(schema.problems(rules, {"a": 1}))


@pytest.mark.parametrize(
    ("rules", "value", "fits"),
    [
        (
            {"allOf": [{"prefixItems": [True]}, {"unevaluatedItems": True}], "unevaluatedItems": False},
            [1, 2],
            True,
        ),
        ({"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False}, {"a": 1}, True),
        ({"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False}, {"b": 1}, False),
        ({"not": {"properties": {"a": False}}, "unevaluatedProperties": False}, {"a": 1}, False),
        # What is not checked may be about it.
        ({"$ref": "https://example.org/b", "unevaluatedProperties": False}, {"a": 1}, True),
        ({"$dynamicRef": "#b", "unevaluatedItems": False}, [1], True),
    ],
)
def test_what_no_word_looked_at(rules: Any, value: Any, *, fits: bool) -> None:
    assert (schema.problems(rules, value) == []) is fits


def test_how_many_items_are_of_a_kind() -> None:
    rules = {"contains": {"type": "null"}, "minContains": 2, "maxContains": 3}
    assert schema.problems(rules, [None]) == [
        "the whole: must contain at least 2 matching items, but contains 1"
    ]
    assert schema.problems(rules, [None] * 4) == [
        "the whole: must contain at most 3 matching items, but contains 4"
    ]


def test_an_anchor_is_only_where_a_schema_is() -> None:
    decoy = {"$anchor": "a", "type": "null"}
    rules = {"enum": [decoy, 1], "$defs": {"one": {"$anchor": "a", "type": "integer"}}, "$ref": "#a"}
    assert schema.problems(rules, 1) == []
    assert unknown({"enum": [decoy], "$ref": "#a"}) == ["/$ref"]


CONDITION = {"if": {"properties": {"a": {"const": 1}}}, "then": {"properties": {"b": False}}}


@pytest.mark.parametrize(
    ("rules", "value", "fits"),
    [
        ({"required": ["a"]}, {}, True),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"c": 1}, True),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"c": 1}, True),
        ({"not": {"required": ["a"]}}, {"c": 1}, True),
        ({"not": {"required": ["a"]}}, {"a": 1}, False),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, True),
        ({"if": {"properties": {"a": {"const": 1}}}, "then": {"properties": {"b": False}}}, {"b": 1}, True),
        (
            {"if": {"properties": {"a": {"const": 1}}}, "then": {"properties": {"b": False}}},
            {"a": 1, "b": 1},
            False,
        ),
        ({"properties": {"a": {"required": ["b"]}}}, {"a": {}}, False),
        ({"unevaluatedProperties": False, "anyOf": [{"required": ["a"]}]}, {"b": 1}, False),
        (
            {"unevaluatedProperties": False, "if": {"required": ["a"]}, "then": {"properties": {"b": True}}},
            {"b": 1},
            True,
        ),
        (
            {"properties": {"port": {"$ref": "#/$defs/port"}}, "$defs": {"port": {"minimum": 1}}},
            {"port": 0},
            False,
        ),
    ],
)
def test_what_is_set_bit_by_bit_may_miss_what_is_required(rules: Any, value: Any, *, fits: bool) -> None:
    assert (schema.problems(rules, value, partial=True) == []) is fits
