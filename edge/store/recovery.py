"""Recovery: deletes staged work and releases that no record names, and finishes interrupted removals.

It runs first whenever the lock is taken, after a killed process or a power cut. It may itself be interrupted
and repeated.
"""

from __future__ import annotations

import posix

from edge import files, store
from edge.files import staged
from edge.store import records, removal


def recover() -> None:
    """Recovers the store; the lock is held."""
    staging = store.staging_path()
    for left in _listed(staging):
        remove(f"{staging}/{left}")
    _finish_removals()
    collect()
    # Files that are put in place by a rename have a temporary name first.
    root, data = store.root(), files.data_folder()
    for folder in (f"{root}/plugins", f"{root}/calls", f"{data}/config", f"{data}/secrets"):
        for left in _listed(folder):
            if left.startswith("."):
                remove(f"{folder}/{left}")


def _finish_removals() -> None:
    """Finishes removals; those that fail are left to the next recovery."""
    from contextlib import suppress

    from edge import errors

    for name in records.named():
        with suppress(errors.EdgeError):
            record = store.find(name)
            if record is not None and removal.is_unfinished(record):
                _make_last()
                removal.finish(record)


def collect() -> None:
    """Removes releases that no record names; none while a record is lost or unreadable.

    What cannot be removed is left to the next recovery.
    """
    from edge import errors
    from edge.store import lost

    named: set[str] = set()
    try:
        if lost.names():
            return
        for record in records.every():
            named.update((record.current, record.previous))
        _remove_but(named)
    except errors.EnvironmentFault:
        return


def _remove_but(named: set[str]) -> None:
    releases = f"{store.root()}/releases"
    unnamed = [release for release in _listed(releases) if release not in named]
    if unnamed:
        _make_last()
    for release in unnamed:
        remove(f"{releases}/{release}")


def _make_last() -> None:
    """Makes the records survive a power cut: the process that wrote them may have been killed."""
    plugins = f"{store.root()}/plugins"
    try:
        staged.sync_folder(plugins)
    except OSError as error:
        files.raise_for(plugins, error)


def remove(path: str) -> None:
    """Removes a file, or a folder with its contents."""
    try:
        if posix.lstat(path).st_mode & files.FORMAT_MASK == files.DIRECTORY:
            for entry in posix.listdir(path):
                remove(f"{path}/{entry}")
            posix.rmdir(path)
        else:
            posix.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        files.raise_for(path, error)


def _listed(path: str) -> list[str]:
    try:
        return sorted(posix.listdir(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        files.raise_for(path, error)
