"""The command line, and a machine of each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from tests.cli.conftest import edge
from tests.support import packages
from tests.support.home import LOCAL, move

__all__ = ["edge"]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with data and configuration of a machine that installed nothing yet."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        yield tmp_path


@pytest.fixture
def packed(machine: Path, wasm: Callable[[str], Path]) -> Callable[..., Path]:
    """A package of the plugin `faults`: lines of its manifest, and what `packages.package` takes."""

    def pack(manifest: str = "", **more: Any) -> Path:
        name = more.pop("name", "faults")
        path = machine / f"{name}-{more.get('release', 1)}.edge"
        path.write_bytes(packages.package(wasm("faults"), name=name, manifest=manifest, **more))
        return path

    return pack


@pytest.fixture
def installed(edge: Callable[..., Any], packed: Callable[..., Path]) -> Callable[..., Any]:
    """Installs the plugin `faults` with these lines in its manifest."""

    def install(manifest: str = "", *words: str, **more: Any) -> Any:
        return edge("install", packed(manifest, **more), *words)

    return install
