"""Configuration and secrets of installed plugins."""

from __future__ import annotations

from edge import _native as native
from edge import errors, schema
from edge.schema import from_text
from edge.schema.values import WHOLE
from edge.schema.words import unknown
from edge.store import awaited, config, records
from edge.store import secrets as stored_secrets
from edge.store.parts import manifest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from edge.errors import EdgeError
    from edge.manifest import Manifest

    Facts = dict[str, Any]


class Unchecked:
    """Parts of a configuration change that were not checked.

    names  settings that the schema neither defines nor forbids
    rules  places of the schema with rules that Edge does not check
    """

    __slots__ = ("names", "rules")

    def __init__(self, names: Iterable[str] = (), rules: Iterable[str] = ()) -> None:
        self.names = tuple(names)
        self.rules = tuple(rules)


def describe(name: str) -> Facts:
    """The settings of a plugin: values, schema (of each setting), secrets (whether each is set), missing.

    `withheld`: values that the installed release does not receive; `free`: whether any text may be set,
    because the plugin has no schema. Raises `errors.NotInstalled` and `errors.StoreDamaged`.
    """
    manifest = awaited.settable(name)
    values, is_set = config.values(name), stored_secrets.names(name)
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
    """Sets and removes values, all or none; `reset` drops all previous values.

    Raises `errors.ConfigError` for values that the schema does not allow, and the same as `describe`.
    """
    manifest = awaited.settable(name)
    removed = tuple(removed)
    if not (changes or removed):
        if reset:
            config.reset(name)
        return Unchecked()
    config.change(manifest, changes, removed, reset=reset)
    if not changes:
        return Unchecked()
    return Unchecked(config.unknown(manifest, changes), unknown(config.schema_of(manifest)))


def plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Converts Python values to JSON values; raises `errors.ArgumentsError` if JSON can't express one."""
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
    """The secrets of a plugin, and whether each is set. Raises the same as `describe`."""
    manifest = awaited.settable(name)
    is_set = stored_secrets.names(name)
    return {secret: secret in is_set for secret in manifest.secrets}


def check_secret(name: str, secret: str) -> Manifest:
    """Raises `errors.ConfigError` for an unknown secret; returns the manifest that defines it."""
    manifest = awaited.settable(name)
    if secret not in manifest.secrets:
        known = f"Its secrets: {', '.join(manifest.secrets)}" if manifest.secrets else config.takes(name)
        raise errors.ConfigError(f"{name} has no secret `{secret}`", known)
    return manifest


def set_secret(name: str, secret: str, value: str) -> EdgeError | None:
    """Sets a secret. Returns the earlier damage of the secrets, after which others may have to be set again.

    Raises `errors.ConfigError` for an unknown secret and for a value that its schema does not allow. The
    message never contains the value.
    """
    manifest = check_secret(name, secret)
    found = schema.problems(config.schema_of(manifest)["properties"][secret], value)
    if found:
        reasons = (problem.removeprefix(f"{WHOLE}: ") for problem in found)
        raise errors.ConfigError(f"{name}: {secret} {'; '.join(reasons)}", config.takes(name))
    damage = stored_secrets.damage_of(name)
    stored_secrets.set_secret(name, secret, value)
    return damage


def unset_secret(name: str, secret: str) -> EdgeError | None:
    """Removes a secret; returns and raises the same as `set_secret`."""
    check_secret(name, secret)
    damage = stored_secrets.damage_of(name)
    stored_secrets.unset_secret(name, secret)
    return damage
