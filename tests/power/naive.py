"""Writers that forget something: what the model has to see through."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.files import staged
from edge.files.staged import Staged

FILE = "value"
OLD, NEW = b"old " * 1000, b"new " * 1000


@contextmanager
def _staged(folder: Path, *, synced: bool) -> Iterator[Path]:
    path = folder / f"{FILE}.tmp"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(fd, NEW)
    if synced:
        os.fsync(fd)
    os.close(fd)
    yield path
    path.rename(folder / FILE)


def without_any_sync(folder: Path) -> None:
    """Writes and renames."""
    with _staged(folder, synced=False):
        pass


def without_sync_of_contents(folder: Path) -> None:
    """Writes, renames and syncs the folder."""
    with _staged(folder, synced=False):
        pass
    staged.sync_folder(str(folder))


def without_sync_of_folder(folder: Path) -> None:
    """Writes, syncs and renames."""
    with _staged(folder, synced=True):
        pass


def in_place(folder: Path) -> None:
    """Writes over the file, and syncs."""
    fd = os.open(folder / FILE, os.O_WRONLY | os.O_TRUNC)
    os.write(fd, NEW)
    os.fsync(fd)
    os.close(fd)


def right(folder: Path) -> None:
    """As Edge does."""
    with Staged(str(folder / FILE)) as staged:
        staged.write(NEW)
        staged.commit()


WRITERS = {
    "without-any-sync": without_any_sync,
    "without-sync-of-contents": without_sync_of_contents,
    "without-sync-of-folder": without_sync_of_folder,
    "in-place": in_place,
    "right": right,
}
