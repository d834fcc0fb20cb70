from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge import errors, shared


def test_the_folder_of_the_session_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory(dir="/dev/shm") as session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session)
        assert shared.folder() == f"{session}/edge"
        assert os.stat(f"{session}/edge").st_mode & 0o777 == 0o700


def test_each_place_for_data_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory(dir="/dev/shm") as session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session)
        found = []
        for place in ("/one", "/one/", "/two", "/" + 2000 * "x/", ""):
            monkeypatch.setenv("XDG_DATA_HOME", place)
            found.append(shared.own_folder())
        assert (found[0] == found[1], len(set(found))) == (True, 4)
        assert all(path.startswith(f"{session}/edge/") for path in found)
        assert os.stat(found[0]).st_mode & 0o777 == 0o700


@pytest.mark.parametrize("named", ["", "relative", "/nowhere", "/etc/passwd"])
def test_without_one_shared_memory_is_used(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", named)
    assert shared.folder() == f"/dev/shm/edge-{os.getuid()}"


def test_a_folder_on_a_block_device_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("posix.major", lambda _: 179)
    assert shared.folder() == "/run/edge"


def test_a_session_folder_of_somebody_else_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    if os.getuid():
        pytest.skip("only root can give a folder away")
    os.chown(tmp_path, 12345, -1)
    assert shared.folder() == "/dev/shm/edge-0"


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(errors.EnvironmentFault, match="link: it is no folder") as caught:
        shared.checked_folder(str(tmp_path / "link"))
    assert caught.value.remedy == "Remove it"


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("only root can give a folder away")
    (tmp_path / "edge").mkdir(mode=0o700)
    os.chown(tmp_path / "edge", 12345, -1)
    with pytest.raises(errors.EnvironmentFault, match="belongs to user 12345"):
        shared.checked_folder(str(tmp_path / "edge"))


@pytest.mark.parametrize("mode", [0o701, 0o750, 0o777])
def test_a_folder_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge").chmod(mode)
    with pytest.raises(errors.EnvironmentFault, match="others have access"):
        shared.checked_folder(str(tmp_path / "edge"))


def test_a_file_is_its_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "counters"
    os.close(shared.open_file(str(path)))
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(errors.EnvironmentFault, match="this user alone"):
        shared.open_file(str(path))


def test_a_file_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").touch(0o600)
    (tmp_path / "counters").symlink_to("real")
    with pytest.raises(errors.EdgeError):
        shared.open_file(str(tmp_path / "counters"))


def test_a_lock_that_is_never_given_back_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LOCK_PATIENCE", 0.05)
    path = str(tmp_path / "counters")
    mine, other = shared.open_file(path), shared.open_file(path)
    try:
        shared.lock(other, path)
        with pytest.raises(errors.IoFault, match="has been locked"):
            shared.lock(mine, path)
        shared.unlock(other)
        shared.lock(mine, path)
    finally:
        os.close(mine)
        os.close(other)
