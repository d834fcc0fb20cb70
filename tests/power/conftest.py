"""Where operations are recorded: in memory, for what is synced there costs nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from tests.power.judge import Bench

SHARED_MEMORY = "/dev/shm"


@pytest.fixture(scope="session")
def bench(wasm: Callable[[str], Path], home: Path) -> Iterator[Bench]:
    """Packages, and a place."""
    assert home
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as place:
        yield Bench(Path(place) / "bench", wasm("faults"))
