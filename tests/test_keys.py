from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge import errors, keys
from tests.home import move


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    move(monkeypatch, tmp_path)
    return tmp_path


def test_a_machine_makes_its_own_key_once(home: Path) -> None:
    seed = keys.local_seed()
    assert keys.local_seed() == seed
    path = home / "data" / "edge" / "keys" / "local.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["local.key"]


def test_a_signing_key_that_others_can_read_is_not_used(home: Path) -> None:
    keys.local_seed()
    (home / "data" / "edge" / "keys" / "local.key").chmod(0o640)
    with pytest.raises(errors.EnvironmentFault, match="others than its owner"):
        keys.local_seed()


def test_a_signing_key_of_another_length_is_not_used(home: Path) -> None:
    keys.local_seed()
    (home / "data" / "edge" / "keys" / "local.key").write_bytes(b"short")
    with pytest.raises(errors.EnvironmentFault, match="5 bytes"):
        keys.local_seed()


def test_processes_that_start_together_agree_on_one_key(home: Path) -> None:
    code = "from edge import keys; print(keys.local_seed().hex())"
    environment = {"XDG_DATA_HOME": str(home / "data"), "EDGE_LIBRARY": os.environ["EDGE_LIBRARY"]}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        for _ in range(8)
    ]
    seeds = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 8
    assert len(seeds) == 1


def test_without_a_home_there_is_no_place_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.files.environment", lambda _: "")
    with pytest.raises(errors.EnvironmentFault, match="HOME"):
        keys.local_seed()


def test_where_no_folder_can_be_made_is_wrong_usage() -> None:
    with pytest.raises(errors.UsageError, match="/proc/edge: No such file"):
        keys.make_folder("/proc/edge/keys", 0o700)


def test_a_relative_xdg_folder_is_ignored(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"HOME": str(home), "XDG_DATA_HOME": "data"}
    monkeypatch.setattr("edge.files.environment", lambda name: found.get(name, ""))
    assert keys.local_path() == f"{home}/.local/share/edge/keys/local.key"


def test_a_signing_key_behind_a_link_is_not_used(home: Path) -> None:
    keys.local_seed()
    path = home / "data" / "edge" / "keys" / "local.key"
    path.rename(home / "elsewhere.key")
    path.symlink_to(home / "elsewhere.key")
    with pytest.raises(errors.EnvironmentFault, match="local.key is a link"):
        keys.local_seed()
    assert path.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_signing_key_of_somebody_else_is_not_used(home: Path) -> None:
    keys.local_seed()
    os.chown(home / "data" / "edge" / "keys" / "local.key", 12345, -1)
    with pytest.raises(errors.EnvironmentFault, match="belongs to user 12345"):
        keys.local_seed()
