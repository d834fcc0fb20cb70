from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge import errors
from edge.files.staged import Staged


def test_a_staged_file_appears_when_committed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with Staged(str(path)) as staged:
        staged.write(b"one ")
        staged.write(b"two")
        assert not path.exists()
        assert staged.commit()
    assert path.read_bytes() == b"one two"
    assert os.listdir(tmp_path) == ["a"]


def test_a_process_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    act = "staged.write(b'half'); os.kill(os.getpid(), 9)"
    program = (
        f"import os; from edge.files.staged import Staged; staged = Staged({str(tmp_path / 'a')!r}); {act}"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == []


def no_links(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.fixture(params=["unnamed", "named", "without links", "unnamed, without links"])
def _each_way_of_staging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a name from the start and without hard links, as on a vfat card, which has neither."""
    if "unnamed" not in request.param:
        monkeypatch.setattr("posix.O_TMPFILE", 0)
    if "without links" in request.param:
        monkeypatch.setattr("posix.link", no_links)


@pytest.mark.usefixtures("_each_way_of_staging")
def test_a_staged_file_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with Staged(str(path)) as staged:
        staged.write(b"new")
        staged.commit()
    assert path.read_bytes() == b"new"


@pytest.mark.usefixtures("_each_way_of_staging")
def test_a_staged_file_takes_a_place_that_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with Staged(str(path), 0o600) as staged:
        staged.write(b"new" * 50_000)
        assert staged.commit(replace=False)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new" * 50_000, 0o600)
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.usefixtures("_each_way_of_staging")
def test_a_staged_file_may_leave_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with Staged(str(path)) as staged:
        staged.write(b"new")
        assert not staged.commit(replace=False)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.usefixtures("_each_way_of_staging")
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError])
def test_what_interrupts_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(interruption), Staged(str(path)) as staged:
        staged.write(b"new")
        raise interruption
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOENT])
def test_what_can_not_be_removed_hides_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "a"
    with monkeypatch.context() as patch:
        patch.setattr("posix.rename", full)
        patch.setattr("posix.unlink", fail)
        with pytest.raises(errors.DiskFull), Staged(str(path)) as staged:
            staged.commit()


def test_a_file_gets_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    with Staged(str(tmp_path / "a"), 0o600) as staged:
        staged.commit()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_staging_in_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="nowhere"):
        Staged(str(tmp_path / "nowhere" / "a"))
