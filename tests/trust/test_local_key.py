from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge import _native as native
from edge import errors, trust
from edge._native import making
from edge.files import folders
from edge.trust import key_file
from tests.support.home import move


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    move(monkeypatch, tmp_path)
    return tmp_path


def test_a_machine_makes_its_own_key_once(home: Path) -> None:
    seed = key_file.local_seed()
    assert key_file.local_seed() == seed
    path = home / "data" / "edge" / "keys" / "local.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["local.key"]


def test_a_signing_key_that_others_can_read_is_not_used(home: Path) -> None:
    key_file.local_seed()
    (home / "data" / "edge" / "keys" / "local.key").chmod(0o640)
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner"):
        key_file.local_seed()


def test_a_signing_key_of_another_length_is_not_used(home: Path) -> None:
    key_file.local_seed()
    (home / "data" / "edge" / "keys" / "local.key").write_bytes(b"short")
    with pytest.raises(errors.EnvironmentFault, match="5 bytes"):
        key_file.local_seed()


def test_processes_that_start_together_agree_on_one_key(home: Path) -> None:
    code = "from edge.trust import key_file; print(key_file.local_seed().hex())"
    environment = {"XDG_DATA_HOME": str(home / "data"), "EDGE_LIBRARY": os.environ["EDGE_LIBRARY"]}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent.parent,
        )
        for _ in range(8)
    ]
    seeds = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 8
    assert len(seeds) == 1


def test_they_do_where_there_are_no_links(home: Path) -> None:
    """As on vfat and exFAT, where whoever looks and then renames is alone in the folder."""
    code = (
        "import errno, posix\n"
        "def link(*_, **__): raise PermissionError(errno.EPERM, 'no links')\n"
        "posix.link, posix.O_TMPFILE = link, 0\n"
        "from edge.trust import key_file; print(key_file.local_seed().hex())"
    )
    environment = {"XDG_DATA_HOME": str(home / "data"), "EDGE_LIBRARY": os.environ["EDGE_LIBRARY"]}
    root = Path(__file__).parent.parent.parent
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, cwd=root)
        for _ in range(8)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    assert [process.returncode for process in started] == [0] * 8
    assert os.listdir(home / "data/edge/keys") == ["local.key"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_key_is_made_on_a_real_vfat_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card, image = tmp_path / "card", tmp_path / "image"
    card.mkdir()
    image.write_bytes(bytes(4 << 20))
    mount = ["mount", "-o", "loop,umask=077", str(image), str(card)]
    made = shutil.which("mkfs.vfat") and subprocess.run(
        ["mkfs.vfat", image], check=False, capture_output=True
    )
    if not made or made.returncode or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no vfat can be made or mounted here")
    try:
        move(monkeypatch, card)
        seed = key_file.local_seed()
        assert key_file.local_seed() == seed
        assert os.listdir(card / "data/edge/keys") == ["local.key"]
    finally:
        subprocess.run(["umount", card], check=True)


def test_no_key_is_made_where_others_could_read_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a card that was mounted for everybody: modes are not kept there."""
    monkeypatch.setattr("posix.O_TMPFILE", 0)
    monkeypatch.setattr(
        "posix.open", lambda path, flags, mode=0, real=os.open: real(path, flags, mode | 0o044)
    )
    old = os.umask(0)
    try:
        with pytest.raises(errors.EnvironmentFault, match="cannot protect files from other users") as caught:
            key_file.local_seed()
    finally:
        os.umask(old)
    assert "umask=077" in caught.value.remedy
    assert os.listdir(home / "data/edge/keys") == []


def seed_of(path: Path) -> bytes:
    return path.read_bytes()[len(trust.MAGIC) : trust.PUBLIC_AT]


def test_a_key_of_an_older_edge_is_the_same_key_and_stays_as_it_is(home: Path) -> None:
    public = making.public_key(key_file.local_seed())
    path = home / "data/edge/keys/local.key"
    path.write_bytes(seed_of(path))
    assert key_file.local_public() == public == making.public_key(key_file.local_seed())
    assert len(path.read_bytes()) == native.SEED_BYTES


@pytest.mark.parametrize("size", [0, 16, 32, 36, 64, 72, 200])
@pytest.mark.parametrize("value", [0, 0xFF])
def test_what_was_emptied_is_no_key(home: Path, size: int, value: int) -> None:
    key_file.local_seed()
    path = home / "data/edge/keys/local.key"
    path.write_bytes(bytes([value]) * size)
    for use in (key_file.local_seed, key_file.local_public):
        with pytest.raises(errors.KeyDamaged, match="not a valid signing key"):
            use()
    assert path.stat().st_size == size


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("at", [0, 8, 16, 24])
def test_a_hole_in_a_seed_shows(home: Path, at: int, old: bool) -> None:
    key_file.local_seed()
    path = home / "data/edge/keys/local.key"
    content = bytearray(seed_of(path) if old else path.read_bytes())
    start = at if old else len(trust.MAGIC) + at
    content[start : start + 8] = bytes(8)
    path.write_bytes(content)
    with pytest.raises(errors.KeyDamaged):
        key_file.local_seed()


def test_without_a_home_there_is_no_place_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.files.environment", lambda _: "")
    with pytest.raises(errors.EnvironmentFault, match="HOME"):
        key_file.local_seed()


def test_where_no_folder_can_be_made_is_wrong_usage() -> None:
    with pytest.raises(errors.UsageError, match="/proc/edge: No such file"):
        folders.make("/proc/edge/keys", 0o700)


def test_a_relative_xdg_folder_is_ignored(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"HOME": str(home), "XDG_DATA_HOME": "data"}
    monkeypatch.setattr("edge.files.environment", lambda name: found.get(name, ""))
    assert trust.local_path() == f"{home}/.local/share/edge/keys/local.key"


def test_a_signing_key_behind_a_link_is_not_used(home: Path) -> None:
    key_file.local_seed()
    path = home / "data" / "edge" / "keys" / "local.key"
    path.rename(home / "elsewhere.key")
    path.symlink_to(home / "elsewhere.key")
    with pytest.raises(errors.EnvironmentFault, match="local.key is a link"):
        key_file.local_seed()
    assert path.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_signing_key_of_somebody_else_is_not_used(home: Path) -> None:
    key_file.local_seed()
    os.chown(home / "data" / "edge" / "keys" / "local.key", 12345, -1)
    with pytest.raises(errors.EnvironmentFault, match="belongs to user 12345"):
        key_file.local_seed()
