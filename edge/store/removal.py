"""Removal of a plugin: its record marks it first, and recovery finishes an interrupted one.

Configuration, secrets, grants and the log are separate files. If they were left, the next plugin of that name
would inherit them.
"""

from __future__ import annotations

from edge import store
from edge.files import staged
from edge.store import Record, records


def begin(record: Record, *, forget: bool) -> Record:
    """Marks a plugin as being removed; from then on it cannot be called.

    `forget`: delete the number of its newest release, too.
    """
    begun = _left(record, forget=forget).replace(previous=record.current or record.previous)
    records.write(begun)
    return begun


def is_unfinished(record: Record) -> bool:
    """Whether a removal was started and not finished."""
    return not record.current and bool(record.previous)


def finish(begun: Record) -> None:
    """Deletes everything stored for a plugin, the mark of its removal last."""
    delete(begun.name)
    if begun.floor:
        records.write(_left(begun, forget=False))
    else:
        records.delete(begun.name)


def _left(record: Record, *, forget: bool) -> Record:
    """The record that stays after a removal."""
    if forget:
        return Record(record.name)
    return Record(record.name, floor=record.floor, newest=record.newest, newest_version=record.newest_version)


def delete(name: str) -> None:
    """Deletes configuration, secrets and grants, but not the record."""
    from edge.policy import change

    change.delete(name)
    for path in (store.config_path, store.secrets_path, store.call_plan_path, store.waiting_path):
        staged.remove(path(name))
    _forget_log(name)


def _forget_log(name: str) -> None:
    """Deletes its log, and its denials of this minute.

    Its calls of the last minute still count: otherwise a new installation would reset its rate limit.
    """
    from edge import errors
    from edge.audit import denials
    from edge.plugin_log import reading

    try:
        reading.delete(name)
        denials.delete(name)
    except errors.EdgeError:
        # These are in memory and end with a restart: no reason to keep a plugin.
        return
