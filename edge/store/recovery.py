"""What an interruption left behind: staged work and releases that no record names go, removals are finished.

Whoever holds the lock does this before anything else, so it sees what a kill or a power cut left. It may be
interrupted itself, and be done again.
"""

from __future__ import annotations

import posix

from edge import files, store
from edge.files import staged
from edge.store import records, removal


def recover() -> None:
    """Puts the store in order; the lock is held."""
    staging = store.staging_path()
    for left in _listed(staging):
        remove(f"{staging}/{left}")
    _finish_removals()
    collect()
    # What takes its place by a rename has a name before, for a moment or for as long as it is written.
    root, data = store.root(), files.data_folder()
    for folder in (f"{root}/plugins", f"{root}/calls", f"{data}/config", f"{data}/secrets"):
        for left in _listed(folder):
            if left.startswith("."):
                remove(f"{folder}/{left}")


def _finish_removals() -> None:
    """What can't be finished now is left to the next who holds the lock."""
    from contextlib import suppress

    from edge import errors

    for name in records.named():
        with suppress(errors.EdgeError):
            found = store.find(name)
            if found is not None and removal.is_unfinished(found):
                _make_last()
                removal.finish(found)


def collect() -> None:
    """Removes releases that are neither current nor kept; none while a record is lost or can't be read.

    What can't be removed now is left to the next who holds the lock.
    """
    from edge import errors
    from edge.store import lost

    named: set[str] = set()
    try:
        if lost.names():
            return
        for found in records.every():
            named.update((found.current, found.previous))
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
    """Whoever wrote the records may have been killed before they would survive a power cut; now they do."""
    plugins = f"{store.root()}/plugins"
    try:
        staged.sync_folder(plugins)
    except OSError as error:
        files.raise_for(plugins, error)


def remove(path: str) -> None:
    """Removes a file, or a folder with all that is in it."""
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
