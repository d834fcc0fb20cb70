"""What is kept aside for a full disk; tests/faults/commands/test_disks.py has disks that are full."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import errors
from edge.files import reserve
from tests.support import home


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home.move(monkeypatch, tmp_path)
    return tmp_path / "data/edge/audit/reserve"


def test_it_has_a_size_and_only_its_owner_reads_it(path: Path) -> None:
    reserve.keep()
    content = path.read_bytes()
    assert (len(content) >= reserve.MIN_BYTES, path.stat().st_mode & 0o777) == (True, 0o600)
    # Nothing that a filesystem could store in less.
    assert len(set(content)) == 256
    path.write_bytes(b"short")
    reserve.keep()
    assert path.stat().st_size == len(content)


def test_it_is_given_up_on_a_full_disk_only_and_made_again_by_the_outermost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve.keep()
    with reserve.spent():
        assert path.exists()
    monkeypatch.setattr("edge.files.reserve._is_full", lambda _: True)
    with reserve.spent():
        with reserve.spent():
            assert not path.exists()
        assert not path.exists()
    assert path.stat().st_size >= reserve.MIN_BYTES


def test_without_a_place_it_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(errors.StoreDamaged, match="is a folder"):
        reserve.keep()
    with reserve.spent():
        pass
