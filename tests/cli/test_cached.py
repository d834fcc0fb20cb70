"""What commands say and do about code that was compiled before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from edge._native import making
from edge.dev import cache
from edge.targets import ENGINES
from edge.trust import keyring
from tests.support import packing
from tests.support.home import LOCAL, move

Edge = Callable[..., Any]
Wasm = Callable[[str], Path]

ONE = ("--target", "x86_64-linux")
QUESTION = '{"cron": "0 7 * * *", "after": "2026-01-01T00:00:00Z"}'
TARGETS = tuple(word for engine in ENGINES for word in ("--target", engine))


@pytest.fixture
def folder(wasm: Wasm, tmp_path: Path) -> Path:
    """A folder with a plugin."""
    return packing.folder(tmp_path / "cron-next", "cron-next", wasm("cron-next"), {})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_compile_makes_each_engine_once_whoever_wants_it(
    edge: Edge, wasm: Wasm, tmp_path: Path, compiled: list[str]
) -> None:
    for name in ("a", "b"):
        assert edge("compile", wasm("cron-next"), *TARGETS, "-o", tmp_path / name).status == 0
        assert sorted(compiled) == sorted(ENGINES)
    assert edge("run", wasm("cron-next"), QUESTION).status == 0
    assert len(compiled) == len(ENGINES)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_engines_compiled_at_once_give_the_bytes_of_one_after_the_other(
    edge: Edge,
    wasm: Wasm,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    compiled: list[str],
) -> None:
    for count in (1, len(ENGINES)):
        monkeypatch.setattr("edge.dev.compiler.at_once", lambda _, count=count: count)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        assert edge("compile", wasm("cron-next"), *TARGETS, "-o", tmp_path / str(count)).status == 0
    assert len(compiled) == 2 * len(ENGINES)
    assert contents(tmp_path / "1") == contents(tmp_path / str(len(ENGINES)))


def spoil_folder(folder: Path) -> None:
    folder.chmod(0o755)


def spoil_disk(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    cache.MIN_FREE_BYTES = 1 << 60


def spoil_entries(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("spoil", [spoil_folder, spoil_disk, spoil_entries])
def test_a_cache_that_can_not_be_used_fails_nothing(
    edge: Edge,
    wasm: Wasm,
    monkeypatch: pytest.MonkeyPatch,
    compiled: list[str],
    spoil: Callable[[Path], None],
) -> None:
    monkeypatch.setattr(cache, "MIN_FREE_BYTES", 0)
    assert edge("run", wasm("cron-next"), QUESTION).status == 0
    spoil(Path(os.environ["XDG_CACHE_HOME"], "edge", "compiled"))
    for count in (2, 3):
        ran = edge("run", wasm("cron-next"), QUESTION)
        assert (ran.status, len(compiled)) == (0, count)
        assert (
            ran.err.count("edge: the compiled code is not cached and will be compiled again next time: ") == 1
        )


@pytest.mark.usefixtures("compiled")
def test_without_a_place_for_caches_nothing_is_said(
    edge: Edge, wasm: Wasm, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".local" / "share"))
    monkeypatch.setenv("HOME", "nowhere")
    ran = edge("run", wasm("cron-next"), QUESTION)
    assert (ran.status, "cached" in ran.err) == (0, False)


def test_each_engine_is_compiled_once_for_all_commands(
    edge: Edge, folder: Path, tmp_path: Path, compiled: list[str]
) -> None:
    here = native.about()["engine"]
    assert edge("pack", folder, "--target", "pi-zero", "-o", tmp_path / "a.edge").status == 0
    assert compiled == [here, "pulley32"]
    assert edge("pack", folder, "--target", "pi-zero", "-o", tmp_path / "b.edge", "--with-wasm").status == 0
    assert edge("install", folder, "--yes").status == 0
    assert edge("compile", folder / "cron-next.wasm", "--target", "pi-zero", "-o", tmp_path).status == 0
    assert compiled == [here, "pulley32"]


def test_a_package_of_cached_code_has_the_same_bytes(
    edge: Edge, folder: Path, tmp_path: Path, compiled: list[str]
) -> None:
    for name in ("a", "b"):
        assert edge("pack", folder, *ONE, "-o", tmp_path / name).status == 0
    assert len(compiled) == 1
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_key_signs_where_this_machine_can_have_none(
    edge: Edge, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[str]
) -> None:
    seed = bytes(making.new_key())
    monkeypatch.setattr(keyring, "seed_of", lambda *_: bytearray(seed))
    move(monkeypatch, tmp_path / "machine")
    local = tmp_path / "machine" / "data" / LOCAL
    local.parent.mkdir(parents=True, mode=0o700)
    local.write_bytes(b"damaged")
    local.chmod(0o600)
    for _ in range(2):
        assert edge("pack", folder, *ONE, "--key", "office", "-o", tmp_path / "a.edge").status == 0
    # What a key signed that is gone is nothing to keep.
    assert len(compiled) == 2
