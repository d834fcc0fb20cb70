"""Releases that are not current yet because their check wants a secret or a setting that is not set.

A new plugin is installed disabled then. An upgrade is refused, and what can be set for it is kept here until
it is installed: calls/NAME.waiting, a compiled manifest.
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
    """Lets secrets and settings of a release be set that was refused for want of them; the lock is held."""
    from edge.json_text import json_text

    with Staged(store.waiting_path(waiting.name), 0o600) as staged:
        staged.write(json_text(waiting.compiled()).encode())
        staged.commit()
    # Its record is another file now, so that no call goes by terms without what is withheld from here on.
    write(get(waiting.name))


def delete(name: str) -> None:
    """Drops the release that waits, which was installed or is not wanted any more."""
    staged.remove(store.waiting_path(name))


def settable(name: str) -> Manifest:
    """The manifest of an installed plugin, with what the release that waits can be configured with beside it.

    Where both have a property, the installed release says what it takes.
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
    """The manifest of the release that waits, None where none does.

    None also for one that can't be read: whoever installs the release again finds out anew.
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
    """Whether `edge.store.config.withheld` may find something: reading schemas is left out where not."""
    return any(posix.access(path, 0) for path in (store.config_path(name), store.waiting_path(name)))
