"""An empty store for each test, and packages to put into it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

from edge.store.consent import Request
from edge.store.install import Outcome
from tests import packages
from tests.home import LOCAL, move
from tests.installing import install

Wasm = Callable[[str], Path]
Consent = Callable[[Request], bool]
NAME = "faults"


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for what is installed; the signing key stays this machine's."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    return tmp_path / "data" / "edge"


@pytest.fixture
def packed(wasm: Wasm, tmp_path: Path) -> Callable[..., Path]:
    """A package of a plugin that does what it is told (tests/guests/faults)."""

    def make(release: int = 1, **how: Any) -> Path:
        path = tmp_path / f"{release}.edge"
        name = how.pop("name", NAME)
        path.write_bytes(packages.package(wasm("faults"), name=name, release=release, **how))
        return path

    return make


@pytest.fixture
def put(packed: Callable[..., Path]) -> Callable[..., Outcome]:
    """Installs a release; who is asked agrees, unless told otherwise."""

    def act(
        release: int = 1,
        *,
        remote: bool = False,
        again: bool = False,
        agrees: bool | None = True,
        asked: list[Request] | None = None,
        consent: Consent | None = None,
        **how: Any,
    ) -> Outcome:
        def answer(request: Request) -> bool:
            if asked is not None:
                asked.append(request)
            return bool(agrees)

        path = packed(release, **how)
        fd = os.open(path, os.O_RDONLY)
        try:
            return install(
                fd,
                path.name,
                origin=str(path),
                remote=remote,
                again=again,
                consent=None if agrees is None else consent or answer,
            )
        finally:
            os.close(fd)

    return act
