"""Removing a plugin: its record says so first, and whoever takes the lock next finishes what was interrupted.

Configuration, secrets, grants and the log are files of their own. Were they left behind, the next plugin of
that name would have them.
"""

from __future__ import annotations

from edge import store
from edge.files import staged
from edge.store import Record, records


def begin(found: Record, *, forget: bool) -> Record:
    """Writes down that a plugin is being removed; from then on it can't be called.

    `forget`: the number of its newest release is not to stay.
    """
    begun = _left(found, forget=forget).replace(previous=found.current or found.previous)
    records.write(begun)
    return begun


def is_unfinished(found: Record) -> bool:
    """Whether a removal began, and did not come to its end."""
    return not found.current and bool(found.previous)


def finish(begun: Record) -> None:
    """Removes all that is kept of a plugin, and last what says that it is being removed."""
    delete(begun.name)
    if begun.floor:
        records.write(_left(begun, forget=False))
    else:
        records.delete(begun.name)


def _left(found: Record, *, forget: bool) -> Record:
    """What stays known of a plugin once it is removed."""
    if forget:
        return Record(found.name)
    return Record(found.name, floor=found.floor, newest=found.newest, newest_version=found.newest_version)


def delete(name: str) -> None:
    """Removes configuration, secrets and grants, but no record."""
    from edge.policy import change

    change.delete(name)
    for path in (store.config_path, store.secrets_path, store.call_plan_path, store.waiting_path):
        staged.remove(path(name))
    _forget_log(name)


def _forget_log(name: str) -> None:
    """Drops what it logged, and what it was denied within this minute.

    Its calls of the last minute go on counting, or removing and installing it would get around its limit.
    """
    from edge import errors
    from edge.audit import denials
    from edge.plugin_log import reading

    try:
        reading.delete(name)
        denials.delete(name)
    except errors.EdgeError:
        # That is in memory, and ends with a restart: no reason to keep a plugin.
        return
