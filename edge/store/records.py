"""Lists, reads and changes records, including those of removed plugins (edge.store.Record)."""

from __future__ import annotations

import posix

from edge import errors, files, store
from edge.files import staged
from edge.files.staged import Staged
from edge.json_text import json_text
from edge.store import lost
from edge.suggest import nearest
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from edge.policy.model import Policy


def get(name: str) -> store.Record:
    """The record of an installed plugin; `errors.NotInstalled` if there is none."""
    record = store.find(name)
    if record is None or not record.current:
        if record is None:
            left = lost.remaining_path(name)
            if left:
                raise lost.problem(name, left)
        _refuse_unknown(name)
    return record


def named() -> list[str]:
    """The names of all plugins with a record, sorted."""
    try:
        listed = posix.listdir(f"{store.root()}/plugins")
    except FileNotFoundError:
        return []
    except OSError as error:
        files.raise_for(store.root(), error)
    names = (entry[: -len(store.RECORD)] for entry in listed if entry.endswith(store.RECORD))
    return sorted(filter(is_plugin_name, names))


def every() -> list[store.Record]:
    """All records, sorted by name, including those of removed plugins."""
    return [record for name in named() if (record := store.find(name)) is not None]


def _refuse_unknown(name: str) -> NoReturn:
    """Raises `errors.NotInstalled`, with the name of a similar installed plugin."""
    near = nearest(name, [other for other in named() if other != name])
    try:
        record = store.find(near) if near else None
    except errors.EdgeError:
        record = None
    is_there = record is not None and record.current
    raise errors.NotInstalled(f"No plugin `{name}` is installed", f"Did you mean {near}?" if is_there else "")


def write(changed: store.Record) -> None:
    """Replaces a record atomically and durably; this makes a change take effect."""
    document = {
        "format": store.RECORD_FORMAT,
        **{name: getattr(changed, name) for name in store.Record.FIELDS},
    }
    with Staged(store.record_path(changed.name), 0o600) as staged:
        staged.write(json_text(document).encode() + b"\n")
        staged.commit()


def policy_for(record: store.Record) -> Policy:
    """The policy, with the consents given when the plugin was installed or enabled."""
    from edge.policy import file as policy_file

    return policy_file.load().agreed(record.name, record.consents)


def make_durable(name: str) -> None:
    """Makes an unchanged record survive a power cut: the process that wrote it may have been killed."""
    staged.make_durable(store.record_path(name))


def delete(name: str) -> None:
    """Deletes a record, and with it the floor."""
    staged.remove(store.record_path(name))
