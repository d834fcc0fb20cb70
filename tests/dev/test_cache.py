"""What is taken from the cache of compiled code, and what stays in it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest

from edge._native import making
from edge.dev import cache, memory
from edge.dev.cache import Cache
from tests.support.descriptors import descriptors

SEED = bytes(range(32))
SIGNER = making.public_key(SEED)
ENGINE = "pulley32"
CODE = bytes(range(256)) * 40
SIZE = len(CODE)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to another user")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where entries are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(cache, "MIN_FREE_BYTES", 0)
    return tmp_path / "caches" / "edge" / "compiled"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def kept(said: list[str]) -> Cache:
    return Cache(SIGNER, said.append)


def described(code: bytes = CODE) -> dict[str, Any]:
    artifact = {"engine": ENGINE, "size": len(code), "sha256": hashlib.sha256(code).hexdigest()}
    return {"format": 1, "artifact": artifact, "imports": ["a"], "exports": []}


def keep(to: Cache, digest: str = "a", engine: str = ENGINE, code: bytes = CODE) -> None:
    fd = memory.new_file()
    try:
        os.write(fd, code)
        to.keep(digest, engine, fd, described(code), SEED)
    finally:
        os.close(fd)


def found(there: Cache, digest: str = "a", engine: str = ENGINE) -> bytes | None:
    """The code that is found, none where nothing is."""
    entry = there.find(digest, engine)
    if entry is None:
        return None
    fd, description, receipt = entry
    try:
        code = os.pread(fd, 1 << 20, 0)[: description["artifact"]["size"]]
        assert description == described(code)
        assert receipt
        return code
    finally:
        os.close(fd)


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.cwasm"))


def test_what_is_kept_is_found_by_all_that_decides_what_it_is(
    kept: Cache, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(kept) is None
    keep(kept)
    assert found(kept) == found(Cache(SIGNER)) == CODE
    assert (
        found(kept, "b")
        is found(kept, engine="pulley64")
        is found(Cache(making.public_key(bytes(32))))
        is None
    )
    (tmp_path / "libedge.so").write_bytes(b"another build")
    monkeypatch.setenv("EDGE_LIBRARY", str(tmp_path / "libedge.so"))
    assert found(Cache(SIGNER)) is None
    assert len(entries(folder)) == 1


def test_nobody_else_reads_it(kept: Cache, folder: Path) -> None:
    keep(kept)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def changed(at: int) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)

    return change


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_instead(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("moved")))


def fifo_instead(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGED: dict[str, Callable[[Path], object]] = {
    "code": changed(100),
    "description": changed(SIZE + 20),
    "signature": changed(-30),
    "length": changed(-10),
    "magic": changed(-1),
    "halved": lambda path: os.truncate(path, SIZE // 2),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "emptied": lambda path: os.truncate(path, 0),
    "nuls": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "folder": folder_instead,
    "link": link_instead,
    "fifo": fifo_instead,
    "writable": lambda path: path.chmod(0o620),
    "another user's": lambda path: os.chown(path, 1, -1),
}


@pytest.mark.parametrize(
    "damage",
    [pytest.param(name, marks=as_root if name == "another user's" else ()) for name in DAMAGED],
)
def test_a_damaged_entry_counts_as_none_and_is_replaced(
    kept: Cache, folder: Path, damage: str, said: list[str]
) -> None:
    keep(kept)
    (path,) = entries(folder)
    before = len(descriptors())
    DAMAGED[damage](path)
    assert found(kept) is None
    assert len(descriptors()) == before
    keep(kept)
    if damage == "folder":
        assert "Is a directory" in said[0]
    else:
        assert (found(kept), said) == (CODE, [])


def test_an_entry_under_the_name_of_another_is_none(kept: Cache, folder: Path) -> None:
    keep(kept, "a")
    (first,) = entries(folder)
    keep(kept, "b", code=b"other")
    (second,) = set(entries(folder)) - {first}
    second.rename(first)
    assert found(kept, "a") is None


def test_what_another_key_signed_is_none(kept: Cache, folder: Path) -> None:
    keep(kept)
    (path,) = entries(folder)
    description = {**described(), cache.KEY: path.stem}
    for seed, code in ((bytes(32), None), (SEED, CODE)):
        path.write_bytes(CODE + making.seal_artifact(json.dumps(description).encode(), seed))
        assert found(kept) == code


@pytest.mark.parametrize("spoil", [lambda f: f.chmod(0o750), lambda f: f.parent.chmod(0o777)])
def test_a_folder_that_others_reach_is_not_used(
    kept: Cache, folder: Path, said: list[str], spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(kept)
    monkeypatch.setattr("edge.files.checked_folders", set())
    spoil(folder)
    assert found(kept) is None
    keep(kept, "b")
    assert (len(entries(folder)), len(said)) == (1, 1)
    assert str(folder.parent) in said[0]


def test_the_entries_that_were_not_used_for_longest_go_first(
    kept: Cache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    for digest in "abc":
        keep(kept, digest)
    assert found(kept, "a")
    keep(kept, "d")
    assert [bool(found(kept, digest)) for digest in "abcd"] == [True, False, True, True]
    assert len(list(folder.iterdir())) == 6


def test_all_entries_together_have_a_size(
    kept: Cache, folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 3 * SIZE)
    for digest in "abcde":
        keep(kept, digest)
        assert sum(path.stat().st_size for path in entries(folder)) <= 3 * SIZE
    assert found(kept, "e")
    keep(kept, "f", code=bytes(3 * SIZE + 1))
    assert (found(kept, "f"), len(entries(folder)), said) == (None, 2, [])


def test_a_clock_that_was_set_back_keeps_the_limits(
    kept: Cache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 1)
    keep(kept, "a")
    for path in folder.iterdir():
        os.utime(path, (1 << 33, 1 << 33))
    keep(kept, "b")
    assert (found(kept, "a"), found(kept, "b")) == (None, CODE)


def test_a_disk_that_is_full_gets_no_fuller(
    kept: Cache, folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MIN_FREE_BYTES", 1 << 60)
    keep(kept)
    assert entries(folder) == []
    assert "would be free" in said[0]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(
    kept: Cache, folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "copy", fail)
    keep(kept)
    assert list(folder.iterdir()) == []
    assert "No space left" in said[0]


def test_what_killed_processes_left_goes(kept: Cache, folder: Path) -> None:
    keep(kept)
    (path,) = entries(folder)
    left = (folder / f".{path.name}.0badcafe.tmp", folder / "b.used")
    for stray in left:
        stray.touch()
    with kept._locked():
        keep(kept, "b")
        assert [stray.exists() for stray in left] == [True, True]
    keep(kept, "b")
    assert [stray.exists() for stray in left] == [False, False]
    assert found(kept) == CODE


def test_nobody_waits_for_a_process_that_is_stopped(kept: Cache, said: list[str]) -> None:
    keep(kept)
    with kept._locked() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keep(kept, "b")
    assert (found(kept, "b"), said) == (CODE, [])


def test_folders_of_somebody_else_in_it_stay_and_are_in_nobody_s_way(
    kept: Cache, folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 1)
    strange = [folder / name for name in ("a.cwasm", "a.used", ".a.tmp", "b.used")]
    for path in strange:
        path.mkdir(parents=True)
    folder.chmod(0o700)
    keep(kept, "a")
    keep(kept, "b")
    assert (found(kept, "a"), found(kept, "b"), said) == (None, CODE, [])
    assert all(path.is_dir() for path in strange)


def test_nothing_is_kept_of_a_library_that_was_replaced_meanwhile(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "libedge.so"
    library.write_bytes(b"a build")
    monkeypatch.setenv("EDGE_LIBRARY", str(library))
    before = Cache(SIGNER)
    library.unlink()
    library.write_bytes(b"another build")
    keep(before)
    assert not folder.exists()


def test_many_at_once_find_whole_entries_or_none(
    kept: Cache, folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 2)

    def use(number: int) -> bytes | None:
        digest = "abc"[number % 3]
        if number % 2:
            keep(kept, digest)
        return found(kept, digest)

    with ThreadPoolExecutor(8) as pool:
        codes = set(pool.map(use, range(200)))
    assert codes <= {CODE, None}
    assert said == []
    assert len(entries(folder)) <= 2


def test_code_is_mapped_from_memory_where_the_cache_may_not_be_executed(
    kept: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(kept)
    real = os.fstatvfs

    class NoExec:
        f_flag = os.ST_NOEXEC
        f_bavail = f_frsize = 1 << 20

    monkeypatch.setattr(os, "fstatvfs", lambda fd: NoExec if fd else real(fd))
    entry = kept.find("a", ENGINE)
    assert entry is not None
    with pytest.raises(PermissionError):
        os.write(entry[0], b"a")
    assert os.readlink(f"/proc/self/fd/{entry[0]}").startswith("/memfd:")
    os.close(entry[0])
