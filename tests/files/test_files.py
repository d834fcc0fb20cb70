from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from edge import errors, files
from edge.files import staged
from tests.support.descriptors import descriptors


def test_a_file_is_removed_whether_it_is_there_or_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a")
    for _ in range(2):
        staged.remove(str(path))
        assert os.listdir(tmp_path) == []
    for nowhere in (tmp_path / "none" / "a", Path(__file__) / "a"):
        staged.remove(str(nowhere))
    path.mkdir()
    with pytest.raises(errors.EdgeError):
        staged.remove(str(path))


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "below a file"])
def test_an_input_that_is_no_file_is_wrong_usage(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "below a file":
        path.write_bytes(b"")
        path = path / "a"
    with pytest.raises(errors.UsageError, match=kind):
        files.open_input(str(path))


def test_an_input_that_can_not_be_looked_at_is_this_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    path = tmp_path / "a"
    path.touch()
    before = descriptors()
    with monkeypatch.context() as patch:
        patch.setattr("posix.fstat", fail)
        with pytest.raises(errors.IoFault, match=str(path)):
            files.read_input(str(path))
    assert descriptors() == before


def test_an_input_that_is_too_large_for_any_plugin_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.touch()
    os.truncate(path, files.MAX_INPUT_BYTES + 1)
    monkeypatch.setattr(files, "read_all", lambda _: pytest.fail("it is read"))
    with pytest.raises(errors.Refused, match="268435457 bytes"):
        files.read_input(str(path))


def test_an_input_is_read_whole(tmp_path: Path) -> None:
    contents = bytes(range(256)) * (10_000)
    (tmp_path / "a").write_bytes(contents)
    assert files.read_input(str(tmp_path / "a")) == contents


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, errors.UsageError),
        (errno.EACCES, errors.IoFault),
        (errno.EROFS, errors.IoFault),
        (errno.ENOSPC, errors.DiskFull),
        (errno.EDQUOT, errors.DiskFull),
        (errno.EIO, errors.IoFault),
    ],
)
def test_an_error_of_the_system_is_by_whose_fault_it_is(number: int, kind: type[errors.EdgeError]) -> None:
    with pytest.raises(kind, match="^a/b: ") as caught:
        files.raise_for("a/b", OSError(number, os.strerror(number)))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EIO, "disk"),
        (errno.EBADF, "closed"),
        (errno.EMFILE, "ulimit"),
        (errno.ENFILE, "programs"),
        (errno.ENOMEM, "memory"),
    ],
)
def test_what_to_do_goes_by_the_error(number: int, told: str) -> None:
    with pytest.raises(errors.IoFault) as caught:
        files.raise_for("a/b", OSError(number, os.strerror(number)))
    assert told in caught.value.remedy


@pytest.mark.parametrize(
    ("path", "folder", "name"),
    [("a", ".", "a"), ("/a", "/", "a"), ("a/b", "a", "b"), ("/a/b.c", "/a", "b.c")],
)
def test_paths_come_apart(path: str, folder: str, name: str) -> None:
    assert (files.folder(path), files.base_name(path)) == (folder, name)


def test_names_that_are_not_utf_8_survive() -> None:
    assert files.encode(files.decode(b"\xff\xe9")) == b"\xff\xe9"
