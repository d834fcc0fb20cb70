"""The configuration's schema in a manifest: JSON Schema whose top-level text properties may be secret."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.findings import Findings
    from edge.manifest.lines import Path

SECRET = "x-secret"  # noqa: S105 the name of a mark
FIELD = "config_schema"
MAX_DEPTH = 32
MAX_SECRETS = 1024
MAX_LISTED = 5


def check_schema(found: Findings, document: dict[str, Any]) -> tuple[str, list[str]]:
    """The schema as JSON text, empty if there is none, and the names of secret properties."""
    if FIELD not in document:
        return "", []
    schema = found.table((FIELD,), document[FIELD], FIELD)
    if schema.get("type", "object") != "object":
        found.wrong((FIELD, "type"), 'the configuration must be an object: type = "object"')
    place: Path = (FIELD, "properties")
    properties = found.table(place, schema.get("properties", {}), "properties")
    secrets = []
    for name, value in properties.items():
        rules = found.table((*place, name), value, f"`{name}`")
        if rules.get(SECRET, False) is True and rules.get("type") == "string":
            secrets.append(name)
            found.text((*place, name), name, "a secret's name", 128)
    if len(secrets) > MAX_SECRETS:
        found.wrong(place, f"{len(secrets)} properties are secret; the limit is {MAX_SECRETS}")
    if _check_data(found, (FIELD,), schema):
        import json

        if found.foreign:
            _warn(found, schema)
        return json.dumps(schema, separators=(",", ":"), sort_keys=True), secrets
    return "", secrets


def _warn(found: Findings, schema: dict[str, Any]) -> None:
    """Warns about unchecked and invalid parts of a foreign schema; an own schema is refused for these."""
    from edge.schema.unsettable import unsettable
    from edge.schema.words import faults, unknown

    wrong = faults(schema)
    if wrong:
        found.careless((FIELD,), f"{FIELD} is not a JSON Schema, so nothing can be configured: {wrong[0]}")
    for places, what in (
        (unknown(schema), "are not checked"),
        ([] if wrong else [place or "/" for place, _ in unsettable(schema)], "are such that no value fits"),
    ):
        if places:
            listed = ", ".join(places[:MAX_LISTED]) + (" …" if len(places) > MAX_LISTED else "")
            found.careless((FIELD,), f"rules of {FIELD} {what}: {listed}")


def _check_data(found: Findings, path: Path, value: Any) -> bool:
    """Whether a value is JSON; reports what is not, and `x-secret` where it would have no effect."""
    if len(path) > MAX_DEPTH:
        found.wrong(path, f"{FIELD} is nested too deeply")
        return False
    if isinstance(value, dict):
        # A table named x-secret is a property of that name.
        if isinstance(value.get(SECRET), dict):
            pass
        elif SECRET in value and not _is_property(path):
            found.wrong((*path, SECRET), f"{SECRET} is allowed only on top-level properties of the schema")
        elif not isinstance(value.get(SECRET, False), bool):
            found.wrong((*path, SECRET), f"{SECRET} must be true or false")
        elif value.get(SECRET) and value.get("type") != "string":
            found.wrong((*path, SECRET), 'a secret must be text: type = "string"')
        good = [_check_data(found, (*path, key), item) for key, item in value.items()]
        return all(good)
    if isinstance(value, list):
        good = [_check_data(found, (*path, at), item) for at, item in enumerate(value)]
        return all(good)
    if isinstance(value, (str, bool, int)) or (isinstance(value, float) and abs(value) < float("inf")):
        return True
    found.wrong(path, "JSON cannot represent this value; write it as text")
    return False


def _is_property(path: Path) -> bool:
    return len(path) == 3 and path[1] == "properties"
