"""The schemas within a schema, and the targets of references.

A reference may lead only to a place where JSON Schema expects a schema: only those were checked by
`edge.schema.words.faults`.
"""

from __future__ import annotations

from edge.schema.values import pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from edge.schema import Schema

ONE, LIST, TABLE = "a schema", "an array", "a table"
HOLDERS = {
    "properties": TABLE,
    "patternProperties": TABLE,
    "additionalProperties": ONE,
    "unevaluatedProperties": ONE,
    "propertyNames": ONE,
    "items": ONE,
    "prefixItems": LIST,
    "contains": ONE,
    "unevaluatedItems": ONE,
    "allOf": LIST,
    "anyOf": LIST,
    "oneOf": LIST,
    "not": ONE,
    "if": ONE,
    "then": ONE,
    "else": ONE,
    "dependentSchemas": TABLE,
    "$defs": TABLE,
    "definitions": TABLE,
}
"""Words that contain schemas."""

NOWHERE: Any = object()


class Places:
    """The schemas within a schema, by pointer and by anchor; collected on first use."""

    __slots__ = ("_known", "_root")

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[str, Schema] | None = None

    def resolve(self, reference: Any) -> Any:
        """The target of a reference within the schema; `NOWHERE` if there is none."""
        if not isinstance(reference, str) or reference[:1] != "#":
            return NOWHERE
        if self._known is None:
            self._known = {}
            for place, schema in walk(self._root, ""):
                self._known[place] = schema
                if isinstance(schema, dict) and isinstance(schema.get("$anchor"), str):
                    self._known.setdefault(schema["$anchor"], schema)
        return self._known.get(_decoded(reference[1:]), NOWHERE)


def walk(schema: Any, place: str) -> Iterator[tuple[str, Schema]]:
    """A schema and all schemas within it, each with its place as a JSON pointer."""
    if isinstance(schema, (bool, dict)):
        yield place, schema
    if not isinstance(schema, dict):
        return
    for word, rule in schema.items():
        here = pointer(place, word)
        holds = HOLDERS.get(word)
        if holds == ONE:
            yield from walk(rule, here)
        elif holds == LIST and isinstance(rule, list):
            for at, inner in enumerate(rule):
                yield from walk(inner, pointer(here, at))
        elif holds == TABLE and isinstance(rule, dict):
            for key, inner in rule.items():
                yield from walk(inner, pointer(here, key))


def _decoded(fragment: str) -> str:
    if "%" not in fragment:
        return fragment
    from urllib.parse import unquote

    return unquote(fragment)
