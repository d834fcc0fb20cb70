"""Files that are locked, and may be removed by whoever holds the lock."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from edge import errors
from edge.files import folders, locking


def test_who_waited_for_a_lock_that_was_removed_takes_the_next(tmp_path: Path) -> None:
    path = tmp_path / "store/lock"
    waits = []

    def wait(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX)
        waits.append(fd)
        if len(waits) == 1:
            # Meanwhile its holder had no use for it.
            path.unlink()
            folders.remove_empty([str(path.parent)])

    fd = locking.take(str(path), wait)
    assert (len(waits), locking.is_at(fd, str(path))) == (2, True)
    os.close(fd)


def test_a_folder_that_is_a_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").symlink_to(tmp_path / "missing")
    with pytest.raises(errors.EnvironmentFault, match="missing, which does not exist") as raised:
        locking.take(str(tmp_path / "store/lock"), lambda fd: fcntl.flock(fd, fcntl.LOCK_EX))
    assert f"`rm {tmp_path}/store`" in raised.value.remedy


def test_folders_for_now_stay_where_something_came_into_them(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c"
    with folders.for_now(str(path)):
        path.mkdir(parents=True)
    assert list(tmp_path.iterdir()) == []
    with folders.for_now(str(path)):
        path.mkdir(parents=True)
        (path.parent / "file").touch()
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/file"]
