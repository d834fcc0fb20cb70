"""Releases that are not current yet because their check needs a secret or a setting that is not set.

A new plugin is then installed but disabled. An upgrade is refused, and its compiled manifest is stored in
calls/NAME.waiting, so that its secrets and settings can be set before it is installed.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, store
from edge.files import staged
from edge.files.staged import Staged
from edge.manifest import Manifest
from edge.store.parts import manifest_of
from edge.store.records import get, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def keep(waiting: Manifest) -> None:
    """Stores the manifest of a refused release, so that what it lacks can be set; the lock is held."""
    from edge.json_text import json_text

    with Staged(store.waiting_path(waiting.name), 0o600) as staged:
        staged.write(json_text(waiting.compiled()).encode())
        staged.commit()
    # A new file of the record invalidates call plans that do not name the settings withheld now.
    write(get(waiting.name))


def delete(name: str) -> None:
    """Deletes the manifest of the release that waits."""
    staged.remove(store.waiting_path(name))


def settable(name: str) -> Manifest:
    """The manifest of an installed plugin, with the properties of the release that waits added.

    If both have a property, the schema of the installed release applies.
    """
    current, waiting = manifest_of(get(name).current), find(name)
    if waiting is None:
        return current
    own, new = _schema(current), _schema(waiting)
    properties = {**new.get("properties", {}), **own.get("properties", {})}
    secrets = [secret for secret in waiting.secrets if secret not in own.get("properties", {})]
    from edge.json_text import json_text

    return Manifest.from_compiled(
        {
            **current.compiled(),
            "secrets": list(dict.fromkeys((*current.secrets, *secrets))),
            "config_schema": json_text({**new, **own, "properties": properties}),
        }
    )


def find(name: str) -> Manifest | None:
    """The manifest of the release that waits; None if there is none.

    None also if it cannot be read: the next attempt to install the release writes it again.
    """
    text = store.read(store.waiting_path(name))
    if text is None:
        return None
    try:
        return Manifest.from_compiled(native.read_json(text, name))
    except (errors.EdgeError, TypeError, AttributeError):
        return None


def _schema(manifest: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = native.read_json(manifest.config_schema.encode() or b"{}", "config_schema")
    return found


def may_withhold(name: str) -> bool:
    """Whether `edge.store.config.withheld` may find something; otherwise no schema is read."""
    return any(posix.access(path, 0) for path in (store.config_path(name), store.waiting_path(name)))
