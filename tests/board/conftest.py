"""The emulated Pi Zero, booted once for all tests that don't need one of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cross.board import Board

CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")


@pytest.fixture(scope="session", autouse=True)
def build_cache(home: Path) -> Iterator[None]:
    """This machine's cache, of which the tests' home knows nothing."""
    assert home
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", CACHE)
        yield


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """What `edge bundle --target board` writes."""
    from edge.dev import bundle

    assert home
    path = tmp_path_factory.mktemp("bundle") / "edge.tar.gz"
    bundle.write(str(path), "board")
    return path


@pytest.fixture(scope="session")
def board(bundle: Path) -> Iterator[Board]:
    """A board with Edge installed, its time a function of instructions."""
    with Board(bundle=bundle, icount=True) as booted:
        yield booted
