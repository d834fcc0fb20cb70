from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge import errors
from edge.doctor import machine
from edge.files import runtime_dir
from tests.support import home

STRANGER = 12345


def test_the_folder_of_the_session_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory(dir="/dev/shm") as session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session)
        assert runtime_dir.folder() == f"{session}/edge"
        assert os.stat(f"{session}/edge").st_mode & 0o777 == 0o700


def test_each_place_for_data_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory(dir="/dev/shm") as session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session)
        found = []
        for place in ("/one", "/one/", "/two", "/" + 2000 * "x/", ""):
            monkeypatch.setenv("XDG_DATA_HOME", place)
            found.append(runtime_dir.own_folder())
        assert (found[0] == found[1], len(set(found))) == (True, 4)
        assert all(path.startswith(f"{session}/edge/") for path in found)
        assert os.stat(found[0]).st_mode & 0o777 == 0o700


@pytest.mark.parametrize("named", ["", "relative", "/nowhere", "/etc/passwd"])
def test_without_one_shared_memory_is_used(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", named)
    assert runtime_dir.folder() == f"/dev/shm/edge-{os.getuid()}"


def test_a_folder_on_a_block_device_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("posix.major", lambda _: 179)
    assert runtime_dir.folder() == "/run/edge"


def test_a_session_folder_of_somebody_else_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    if os.getuid():
        pytest.skip("only root can give a folder away")
    os.chown(tmp_path, 12345, -1)
    assert runtime_dir.folder() == "/dev/shm/edge-0"


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(errors.EnvironmentFault, match="link: it is not a folder") as caught:
        runtime_dir.checked_folder(str(tmp_path / "link"))
    assert caught.value.remedy == "Remove it"


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("only root can give a folder away")
    (tmp_path / "edge").mkdir(mode=0o700)
    os.chown(tmp_path / "edge", 12345, -1)
    with pytest.raises(errors.EnvironmentFault, match="belongs to user 12345"):
        runtime_dir.checked_folder(str(tmp_path / "edge"))


@pytest.mark.parametrize("mode", [0o701, 0o750, 0o777])
def test_a_folder_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge").chmod(mode)
    with pytest.raises(errors.EnvironmentFault, match="other users have access"):
        runtime_dir.checked_folder(str(tmp_path / "edge"))


def test_a_file_is_its_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "counters"
    os.close(runtime_dir.open_file(str(path)))
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(errors.EnvironmentFault, match="only this user"):
        runtime_dir.open_file(str(path))


def test_a_file_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").touch(0o600)
    (tmp_path / "counters").symlink_to("real")
    with pytest.raises(errors.EdgeError):
        runtime_dir.open_file(str(tmp_path / "counters"))


def test_a_lock_that_is_never_given_back_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_dir, "LOCK_TIMEOUT", 0.05)
    path = str(tmp_path / "counters")
    mine, other = runtime_dir.open_file(path), runtime_dir.open_file(path)
    try:
        runtime_dir.lock(other, path)
        with pytest.raises(errors.IoFault, match="has been locked"):
            runtime_dir.lock(mine, path)
        fcntl.flock(other, fcntl.LOCK_UN)
        runtime_dir.lock(mine, path)
    finally:
        os.close(mine)
        os.close(other)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A /dev/shm of a test's own, and no folder of the session."""
    home.move(monkeypatch, tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    with TemporaryDirectory(dir="/dev/shm") as place:
        os.chmod(place, 0o1777)
        monkeypatch.setattr(runtime_dir, "SHARED_MEMORY", place)
        yield Path(place)


def squat(memory: Path, mode: int = 0o777) -> Path:
    if os.getuid():
        pytest.skip("only root can give a folder away")
    path = memory / "edge-0"
    path.mkdir()
    path.chmod(mode)
    os.chown(path, STRANGER, STRANGER)
    return path


@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_a_stranger_in_the_usual_place_stops_nobody(memory: Path, mode: int) -> None:
    squat(memory, mode)
    found = runtime_dir.folder()
    assert found.startswith(f"{memory}/edge-0-")
    assert (os.stat(found).st_uid, os.stat(found).st_mode & 0o777) == (0, 0o700)
    assert runtime_dir.folder() == found


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_nor_does_anything_else_that_is_theirs(memory: Path, kind: str) -> None:
    path = squat(memory)
    path.rmdir()
    if kind == "file":
        path.touch()
    else:
        path.symlink_to(memory if kind == "link" else memory / "nothing")
    os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    assert runtime_dir.folder().startswith(f"{memory}/edge-0-")


def test_who_counted_elsewhere_goes_on_there_when_the_stranger_is_gone(memory: Path) -> None:
    path = squat(memory)
    found = runtime_dir.folder()
    path.rmdir()
    assert runtime_dir.folder() == found
    squat(memory)
    assert runtime_dir.folder() == found


def test_a_stranger_who_comes_later_changes_nothing(memory: Path) -> None:
    found = runtime_dir.folder()
    assert found == f"{memory}/edge-{os.getuid()}"
    if not os.getuid():
        (memory / "edge-0-00").mkdir(0o700)
        os.chown(memory / "edge-0-00", STRANGER, STRANGER)
    assert runtime_dir.folder() == found


def test_a_strangers_folder_behind_the_usual_name_is_passed_over(memory: Path) -> None:
    squat(memory)
    (memory / "edge-0-00").mkdir(0o700)
    os.chown(memory / "edge-0-00", STRANGER, STRANGER)
    found = runtime_dir.folder()
    assert (found != f"{memory}/edge-0-00", os.stat(found).st_uid) == (True, 0)


def test_after_a_restart_the_usual_place_is_used_again(memory: Path) -> None:
    squat(memory).touch()
    os.rmdir(runtime_dir.folder())
    (memory / "edge-0").rmdir()
    assert runtime_dir.folder() == f"{memory}/edge-0"


def test_without_a_place_for_data_there_is_a_folder_all_the_same(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    squat(memory)
    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.setenv("HOME", "")
    found = runtime_dir.folder()
    assert runtime_dir.folder() == found


def test_processes_agree_while_a_stranger_comes_and_goes(memory: Path) -> None:
    path = squat(memory)
    os.rmdir(runtime_dir.folder())
    code = (
        "import sys; from edge.files import runtime_dir; runtime_dir.SHARED_MEMORY = sys.argv[1]\n"
        "print(*{runtime_dir.folder() for _ in range(200)})"
    )
    command = [sys.executable, "-c", code, str(memory)]
    root = Path(__file__).resolve().parent.parent.parent
    loop = ["/bin/sh", "-c", f"while :; do rmdir {path}; mkdir {path}; done 2> /dev/null"]
    stranger = subprocess.Popen(loop, user=STRANGER, group=STRANGER, extra_groups=())
    try:
        started = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(6)]
        said = {(process.communicate()[0], process.returncode) for process in started}
    finally:
        stranger.kill()
        stranger.wait()
    assert (len(said), {code for _, code in said}) == (1, {0})
    assert " " not in said.pop()[0], "one process had more than one place"


def test_a_session_folder_that_others_can_write_is_passed_over(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = memory / "session"
    session.mkdir()
    session.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    assert runtime_dir.folder() == f"{memory}/edge-{os.getuid()}"


def test_doctor_names_a_stranger(memory: Path) -> None:
    squat(memory)
    found = machine.shared_memory()
    assert (found.status, f"{memory}/edge-0 belongs to another user" in found.found) == ("warn", True)
