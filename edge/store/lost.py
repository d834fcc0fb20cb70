"""Plugins with files but without a record, lost by a power cut or deleted by hand.

A removal deletes the record last, so a plugin with files and no record was not removed by Edge. Without the
lock, the record may be read before an installation and the other files after it.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, files, store
from edge.text import is_plugin_name


def names() -> list[str]:
    """The names of all such plugins."""
    data = files.data_folder()
    folders = (f"{data}/config", f"{data}/secrets", f"{store.root()}/calls")
    found = {name for folder in folders for name in _named(folder)}
    return sorted(name for name in found if remaining_path(name))


def remaining_path(name: str) -> str:
    """A path that is left of a lost plugin; empty for one with a record or with nothing left."""
    if not is_plugin_name(name) or posix.access(store.record_path(name), 0):
        return ""
    left = _left(name)
    return "" if posix.access(store.record_path(name), 0) else left


def _left(name: str) -> str:
    for path in (store.config_path(name), f"{files.data_folder()}/secrets/{name}.json"):
        if posix.access(path, 0):
            return path
    release = _called(name)
    return release if release and posix.access(release, 0) else ""


def problem(name: str, left: str) -> errors.StoreDamaged:
    """The error for a lost plugin; `left`: a path that is left of it."""
    return errors.StoreDamaged(
        f"{store.record_path(name)} is missing, but {left} exists: the plugin {name} was lost, not removed",
        f"Install it again to keep what is left, or remove that too: `edge remove {name} --forget`",
    )


def _called(name: str) -> str:
    """The folder of the release in its call plan, or empty."""
    try:
        plan = native.read_json(store.read(store.call_plan_path(name)) or b"")
        release = plan["release"]
    except (errors.EdgeError, KeyError, TypeError):
        return ""
    return store.release_path(release) if isinstance(release, str) and release and "/" not in release else ""


def _named(folder: str) -> list[str]:
    try:
        listed = posix.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        files.raise_own(folder, error)
    return [entry[: -len(store.RECORD)] for entry in listed if entry.endswith(store.RECORD)]
