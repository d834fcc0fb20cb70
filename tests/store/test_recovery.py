from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from edge import errors, store
from edge.store import lock, records
from edge.store.install import Outcome
from edge.store.lock import locked
from tests.store.running import load

Put = Callable[..., Outcome]


def recover() -> None:
    with locked():
        pass


def test_staged_work_is_dropped(put: Put) -> None:
    put()
    staging = Path(store.staging_path())
    (staging / "half" / "deep").mkdir(parents=True)
    (staging / "half" / "deep" / "code").write_bytes(b"half")
    (staging / "link").symlink_to("/")
    recover()
    assert os.listdir(staging) == []


def test_a_release_that_no_record_names_is_removed(put: Put) -> None:
    current = put().record.current
    (Path(store.root()) / "releases" / "stray").mkdir()
    recover()
    assert os.listdir(Path(store.root()) / "releases") == [current]


@pytest.mark.parametrize("folder", ["store/plugins", "store/calls", "config", "secrets"])
def test_files_that_were_being_written_are_removed(put: Put, empty: Path, folder: str) -> None:
    put()
    left = empty / folder / ".faults.json.1234.tmp"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"{")
    recover()
    assert not left.exists()
    assert records.named() == ["faults"]
    assert load("faults").plugin.call({"do": "nothing"}).success


def test_folders_are_for_their_owner_only(put: Put) -> None:
    put()
    for path in (Path(store.root()), *Path(store.root()).rglob("*")):
        assert not path.stat().st_mode & 0o077, path


def test_who_waits_too_long_for_the_lock_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "TIMEOUT", 0.2)
    recover()
    with locked(), pytest.raises(errors.IoFault, match="has been locked"), locked():
        raise AssertionError("two at once")


def test_a_killed_process_does_not_keep_the_lock() -> None:
    program = "import os; from edge.store.lock import locked\nwith locked(): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", program], check=False)
    recover()
