"""Configuration and secrets of installed plugins: what is set, and what comes of setting it."""

from __future__ import annotations

from edge import _native as native
from edge import errors, schema
from edge.schema import from_text
from edge.schema.values import WHOLE
from edge.schema.words import unknown
from edge.store import awaited, config, records
from edge.store import secrets as sealed
from edge.store.parts import manifest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from edge.errors import EdgeError
    from edge.manifest import Manifest

    Facts = dict[str, Any]


class Unchecked:
    """What a change of a configuration set without a check.

    names  settings of which the schema says nothing, and which it does not forbid
    rules  places of the schema with rules that are not checked here
    """

    __slots__ = ("names", "rules")

    def __init__(self, names: Iterable[str] = (), rules: Iterable[str] = ()) -> None:
        self.names = tuple(names)
        self.rules = tuple(rules)


def describe(name: str) -> Facts:
    """The settings of a plugin: values, schema (of each setting), secrets (whether each is set), missing.

    `withheld`: values that the installed release does not get; `free`: whether any text may be set, because
    the plugin does not say what it takes. Raises `errors.NotInstalled` and `errors.StoreDamaged`.
    """
    manifest = awaited.settable(name)
    values, is_set = config.values(name), sealed.names(name)
    withheld = config.withheld(manifest_of(records.get(name).current))
    return {
        "plugin": name,
        "values": values,
        "schema": config.properties(manifest),
        "secrets": {secret: secret in is_set for secret in manifest.secrets},
        "missing": config.missing(manifest, is_set),
        "withheld": [key for key in withheld if key in values],
        "free": config.is_free(manifest),
    }


def change(
    name: str, changes: Mapping[str, Any], removed: Iterable[str] = (), *, reset: bool = False
) -> Unchecked:
    """Sets and removes values, all of it or nothing; `reset` drops first all that is set.

    Raises `errors.ConfigError` for what the schema does not allow, and as `describe`.
    """
    manifest = awaited.settable(name)
    removed = tuple(removed)
    if reset:
        config.reset(name)
    if not (changes or removed):
        return Unchecked()
    config.change(manifest, changes, removed)
    if not changes:
        return Unchecked()
    return Unchecked(config.unknown(manifest, changes), unknown(config.schema_of(manifest)))


def plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Values of Python as a configuration has them; `errors.ArgumentsError` for what is no JSON."""
    import json

    try:
        text = json.dumps(dict(changes), allow_nan=False)
        found: dict[str, Any] = native.read_json(text.encode(), "configuration")
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.ArgumentsError(
            f"This can't be written as JSON: {error}",
            "JSON has text, finite numbers, booleans, None, lists and dictionaries with text as keys",
        ) from None
    changed = from_text.changed_number(text)
    if changed:
        raise errors.ArgumentsError(
            f"A value {changed}", "Use fewer digits, or text if the plugin accepts text"
        )
    return found


def secrets(name: str) -> dict[str, bool]:
    """The secrets of a plugin, and whether each is set. Raises as `describe`."""
    manifest = awaited.settable(name)
    is_set = sealed.names(name)
    return {secret: secret in is_set for secret in manifest.secrets}


def check_secret(name: str, secret: str) -> Manifest:
    """Raises `errors.ConfigError` for what is no secret of a plugin; answers what it may be set with."""
    manifest = awaited.settable(name)
    if secret not in manifest.secrets:
        known = f"Its secrets: {', '.join(manifest.secrets)}" if manifest.secrets else config.takes(name)
        raise errors.ConfigError(f"{name} has no secret `{secret}`", known)
    return manifest


def set_secret(name: str, secret: str, value: str) -> EdgeError | None:
    """Sets a secret; answers what was wrong with the secrets before, so that others may have to be set again.

    Raises `errors.ConfigError` for what is no secret of the plugin or not as its schema wants it; the message
    never has the value.
    """
    manifest = check_secret(name, secret)
    found = schema.problems(config.schema_of(manifest)["properties"][secret], value)
    if found:
        reasons = (problem.removeprefix(f"{WHOLE}: ") for problem in found)
        raise errors.ConfigError(f"{name}: {secret} {'; '.join(reasons)}", config.takes(name))
    damage = sealed.damage_of(name)
    sealed.set_secret(name, secret, value)
    return damage


def unset_secret(name: str, secret: str) -> EdgeError | None:
    """Removes a secret; answers and raises as `set_secret`."""
    check_secret(name, secret)
    damage = sealed.damage_of(name)
    sealed.unset_secret(name, secret)
    return damage
