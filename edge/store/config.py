"""The configuration of installed plugins: a JSON object each, typed by the schema of its manifest.

The files are in $XDG_DATA_HOME/edge/config. Secrets are stored elsewhere (secrets.py). A call passes the file
on unchanged.
"""

from __future__ import annotations

from edge import _native as native
from edge import audit, errors, files, schema, store
from edge.files import folders, staged
from edge.files.staged import Staged
from edge.schema.words import faults
from edge.store import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from edge.errors import EdgeError
    from edge.manifest import Manifest


READS = "config_read"
MAX_BYTES = 256 << 10
"""The configuration is copied into the plugin with every call."""


def read(name: str) -> bytes:
    """The configuration as text, empty if nothing is set; raises as `values`."""
    text = _text(name)
    _parse(text, name)
    return text or b""


def values(name: str) -> dict[str, Any]:
    """All settings; `errors.StoreDamaged` if the file is not a JSON object."""
    return _parse(_text(name), name)


def damage_of(name: str) -> EdgeError | None:
    """The fault of the file; None if it can be read."""
    try:
        values(name)
    except errors.EdgeError as error:
        return error
    return None


def _text(name: str) -> bytes | None:
    return files.read_guarded(store.config_path(name), files.OTHERS_WRITE)


def _parse(text: bytes | None, name: str) -> dict[str, Any]:
    if text is None:
        return {}
    path, why = store.config_path(name), "it is not a JSON object"
    try:
        found = native.read_json(text, path)
    except errors.ArgumentsError as error:
        why = error.message.removeprefix(f"{path}: ")
    else:
        if isinstance(found, dict):
            return found
    from edge.files.encoding import problem

    _, remedy = problem(text, path)
    raise errors.StoreDamaged(
        f"{path} is not a valid configuration: {why}",
        remedy
        or f"Restore it from a backup; without one, `edge config {name} --reset` deletes it, and the values "
        "must be set again",
    )


def properties(manifest: Manifest) -> dict[str, Any]:
    """The properties in the schema of a plugin's configuration, without the secret ones."""
    listed = schema_of(manifest).get("properties", {})
    return {name: rules for name, rules in listed.items() if name not in manifest.secrets}


def schema_of(manifest: Manifest) -> dict[str, Any]:
    """The schema of a plugin's configuration.

    Without one nothing can be set, or any text if the manifest has the permission config_read: published
    plugins declare that and no schema.
    """
    if not manifest.config_schema:
        return {"additionalProperties": {"type": "string"} if is_free(manifest) else False}
    found: dict[str, Any] = native.read_json(manifest.config_schema.encode(), "config_schema")
    wrong = faults(found)
    if wrong:
        raise errors.BadManifest(
            f"The config_schema of {manifest.name} is not valid: {'; '.join(wrong)}",
            "Report it to the plugin's author",
        )
    return found


def is_free(manifest: Manifest) -> bool:
    """Whether any text may be set, because the plugin declares no schema."""
    return not manifest.config_schema and READS in manifest.permissions


def change(
    manifest: Manifest, changes: Mapping[str, Any], removed: Iterable[str] = (), *, reset: bool = False
) -> dict[str, Any]:
    """Sets and removes values atomically; returns the new settings. `reset` drops all previous values.

    Raises `errors.ConfigError` for what the schema does not allow, and `errors.NotInstalled` if the plugin
    was removed meanwhile. `required` properties may be missing: they may be set one at a time.
    """
    removed = tuple(removed)
    for name in (*changes, *removed):
        if name in manifest.secrets:
            raise errors.ConfigError(
                f"{name} is a secret of {manifest.name}", f"`edge secret {manifest.name} {name}` sets it"
            )
    from contextlib import nullcontext

    from edge.files import reserve
    from edge.json_text import json_text
    from edge.store.lock import locked

    # Removing values works on a full disk, too.
    with locked(), nullcontext() if changes else reserve.spent():
        # A new plugin of the same name must not inherit values that were set for a removed one.
        records.get(manifest.name)
        before = {} if reset else values(manifest.name)
        _check_removed(manifest, before, removed)
        whole = {**before, **changes}
        now = {name: value for name, value in whole.items() if name not in removed}
        _check(manifest, now)
        # Compared as text: in Python, 1 equals True.
        if reset or json_text(now) != json_text(before):
            _write(manifest.name, now, sorted({*changes, *removed}), reset=reset)
        else:
            staged.make_durable(store.config_path(manifest.name))
    return now


def missing(manifest: Manifest, is_set: Iterable[str]) -> list[str]:
    """Required properties that are not set; `is_set`: the secrets that are set."""
    required = schema_of(manifest).get("required", [])
    there = {*values(manifest.name), *is_set}
    return [name for name in required if name not in there]


def unknown(manifest: Manifest, names: Iterable[str]) -> list[str]:
    """Those of these names that the schema allows without describing them."""
    rules = schema_of(manifest)
    if "additionalProperties" in rules:
        return []
    return [name for name in names if name not in rules.get("properties", {})]


def withheld(manifest: Manifest, is_set: Iterable[str] | None = None) -> list[str]:
    """Settings that are not passed to the release of a manifest, whether they are set or not.

    `is_set`: the settings that are set; without it they are read.

    They belong to a release that waits (edge/store/awaited.py), or another release left them and the schema
    of this one does not allow them. RATIONALE, "Why the call plan names the settings a plugin does not get".
    """
    from edge.store import awaited

    try:
        rules, waiting = schema_of(manifest), awaited.find(manifest.name)
        known = rules.get("properties", {})
        found = dict.fromkeys(properties(waiting) if waiting is not None else ())
        if rules.get("additionalProperties") is False and not rules.get("patternProperties"):
            found.update(dict.fromkeys(values(manifest.name) if is_set is None else is_set))
    except (errors.BadManifest, errors.StoreDamaged):
        # Calls and `edge config` report this.
        return []
    return [name for name in found if name not in known]


def given(manifest: Manifest) -> bytes:
    """The configuration that is passed to the release of a manifest, as text; empty if nothing is set."""
    text = _text(manifest.name)
    found = _parse(text, manifest.name)
    return _without(text or b"", found, withheld(manifest, found))


def without(text: bytes, name: str, names: Iterable[str]) -> bytes:
    """A plugin's configuration without some of its settings, as text."""
    return _without(text, _parse(text or None, name), names)


def _without(text: bytes, found: dict[str, Any], names: Iterable[str]) -> bytes:
    from edge.json_text import json_text

    left_out = set(names)
    if left_out.isdisjoint(found):
        return text
    return json_text({key: value for key, value in found.items() if key not in left_out}).encode()


def reset(name: str) -> None:
    """Deletes all settings of an installed plugin, also a damaged file."""
    from edge.files import reserve
    from edge.store.lock import locked

    with locked(), reserve.spent():
        records.get(name)
        audit.append({"event": "config", "plugin": name, "act": "reset"})
        staged.remove(store.config_path(name))


def takes(name: str) -> str:
    """The remedy for a value that a plugin's schema does not allow."""
    return f"`edge config {name}` shows the settings of the plugin"


def _check_removed(manifest: Manifest, before: Mapping[str, Any], removed: Iterable[str]) -> None:
    known = properties(manifest)
    strange = [name for name in removed if name not in known and name not in before]
    if strange:
        from edge.suggest import meant

        raise errors.ConfigError(
            f"{manifest.name}: no such setting: `{'`, `'.join(strange)}`",
            meant(strange[0], {**known, **before}),
        )


def _check(manifest: Manifest, now: dict[str, Any]) -> None:
    found = schema.problems(schema_of(manifest), now, partial=True)
    if found:
        raise errors.ConfigError(f"{manifest.name}: {'; '.join(found)}", takes(manifest.name))


def _write(name: str, now: dict[str, Any], changed: list[str], *, reset: bool) -> None:
    from edge.json_text import json_text

    path = store.config_path(name)
    text = json_text(now).encode()
    if len(text) > MAX_BYTES:
        raise errors.ConfigError(
            f"{name}: the configuration is longer than {MAX_BYTES >> 10} kB", takes(name)
        )
    folders.make(files.folder(path), 0o700)
    with Staged(path, 0o600) as staged:
        staged.write(text)
        if reset:
            audit.append({"event": "config", "plugin": name, "act": "reset"})
        # Names only: values may be confidential.
        audit.append({"event": "config", "plugin": name, "changed": changed})
        staged.commit()
