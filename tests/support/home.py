"""A machine of a test's own: places for data and configuration, and its own signing key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge import store
from edge.store import records
from edge.store.lock import locked

LOCAL = Path("edge/keys/local.key")


def move(monkeypatch: pytest.MonkeyPatch, to: Path, seed: bytes | bytearray | None = None) -> None:
    """Moves this machine below a folder; with `seed`, that is its own key."""
    data = to / "data"
    if seed is not None:
        path = data / LOCAL
        path.parent.mkdir(parents=True, mode=0o700)
        path.write_bytes(seed)
        path.chmod(0o600)
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(to / "config"))


@contextmanager
def settled(at: Path) -> Iterator[None]:
    """Back on the machine at a folder, for what a whole session shares, whichever test wants it first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(at))
        patch.delenv("XDG_DATA_HOME", raising=False)
        patch.delenv("XDG_CONFIG_HOME", raising=False)
        patch.delenv("XDG_CACHE_HOME", raising=False)
        yield


def pretend(name: str) -> None:
    """From now on a plugin of that name counts as installed, as far as its record says so."""
    with locked():
        records.write(store.Record(name, current="a-release"))
