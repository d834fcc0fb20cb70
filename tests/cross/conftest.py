"""Where cross/ finds the build cache and toolchains, of which the other tests' home knows nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HOME = Path.home()
PLACES = {"XDG_CACHE_HOME": ".cache", "CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"}
FOLDERS = {name: os.environ.get(name) or str(HOME / below) for name, below in PLACES.items()}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets builds of this machine be found."""
    for name, folder in FOLDERS.items():
        monkeypatch.setenv(name, folder)
