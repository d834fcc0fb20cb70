from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import errors
from edge.dev.probe import probe

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts")


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    probe(str(path))
    probe(str(tmp_path / "b"))
    assert (os.listdir(tmp_path), path.read_bytes()) == (["a"], b"old")


@pytest.mark.parametrize("name", ["", "missing/a", "file/a"])
def test_a_path_where_no_file_can_be_is_wrong_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.UsageError):
        probe(str(tmp_path / name))


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match=f"no such folder: {tmp_path}/missing") as caught:
        probe(str(tmp_path / "missing" / "a"))
    assert caught.value.remedy == f"Create it: `mkdir -p {tmp_path}/missing`"


@pytest.mark.parametrize("kind", ["fifo", "link", "link to a device"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null" if kind == "link to a device" else "b")
    before = path.lstat()
    with pytest.raises(errors.UsageError, match="not a regular file"):
        probe(str(path))
    assert path.lstat() == before


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of its own, mounted as the test says."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@as_root
@pytest.mark.parametrize("disk", ["ro"], indirect=True)
def test_a_disk_that_can_not_be_written(disk: Path) -> None:
    with pytest.raises(errors.IoFault, match="Read-only"):
        probe(str(disk / "a"))


@as_root
@pytest.mark.parametrize("disk", ["size=4k"], indirect=True)
def test_a_disk_that_is_full(disk: Path) -> None:
    (disk / "old").write_bytes(bytes(4096))
    with pytest.raises(errors.DiskFull):
        probe(str(disk / "a"))
    assert os.listdir(disk) == ["old"]
