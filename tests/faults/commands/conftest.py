"""Machines in memory, for what is synced there costs nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from edge.trust import key_file
from tests.faults.commands.table import Shop

SHARED_MEMORY = "/dev/shm"


@pytest.fixture(scope="session")
def shop(wasm: Callable[[str], Path], home: Path) -> Iterator[Shop]:
    """Packages, and what machines begin with."""
    assert home
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as place:
        yield Shop(Path(place) / "shop", wasm("faults"), key_file.local_seed())
