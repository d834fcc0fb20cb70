"""Whether a configuration's schema is one: a JSON Schema that a device checks and values fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from edge import errors
from edge.schema.unsettable import unsettable
from edge.schema.words import faults, unknown

if TYPE_CHECKING:
    from edge.manifest.lines import Path

MAX_SHOWN = 200


def schema_problems(schema: dict[str, Any] | None) -> Iterator[tuple[Path, str]]:
    """The problems of a schema, each with its path."""
    if schema is None:
        return
    # The meta-schema reports one fault once for each of its parts.
    found = list(dict.fromkeys(_invalid(schema)))
    yield from found
    if not found:
        yield from _unknown(schema)
        # Of what devices can't read, nothing more can be said.
        for pointer, reason in () if faults(schema) else unsettable(schema):
            yield _path(schema, pointer), reason


def _invalid(schema: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        raise errors.EnvironmentFault(
            "Packing a plugin with a config_schema requires the Python package jsonschema",
            "Run `pip install jsonschema`, or `make setup` in a checkout of Edge",
        ) from None
    judge = Draft202012Validator(
        Draft202012Validator.META_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    for error in sorted(judge.iter_errors(schema), key=lambda error: list(map(str, error.absolute_path))):
        message = error.message if len(error.message) <= MAX_SHOWN else f"{error.message[:MAX_SHOWN]}…"
        yield tuple(error.absolute_path), f"this is not a valid JSON Schema: {message}"


def _unknown(schema: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for pointer in unknown(schema):
        path = _path(schema, pointer)
        yield path, f"devices do not check `{path[-1]}`"


def _path(schema: Any, pointer: str) -> Path:
    """The path of a JSON pointer."""
    path: list[str | int] = []
    for part in pointer.split("/")[1:]:
        key: str | int = part.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, list):
            key = int(key)
        path.append(key)
        schema = schema[key]
    return tuple(path)
