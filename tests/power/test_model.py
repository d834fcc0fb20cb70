"""The model itself: what it lets a power cut take, and that writers which forget something are found out."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from tests.power import disk, naive
from tests.power.disk import Data, Disk, Name, Sync
from tests.power.judge import Bench
from tests.power.naive import NEW, OLD
from tests.power.survivors import Cut, everything, half, nothing, survivors

ROOT = disk.ROOT


def values(recorded: Disk, at: int) -> set[bytes | None]:
    """What the file may hold after a cut."""
    trees = (tree for _, tree in survivors(Cut(recorded, at), Random(1), 30))
    return {tree[naive.FILE][1] if naive.FILE in tree else None for tree in trees}


def recorded(bench: Bench, name: str) -> Disk:
    root = bench.folder / "naive"
    root.mkdir()
    try:
        (root / naive.FILE).write_bytes(OLD)
        return bench.record(root, disk.read(root), name, root)
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize(
    ("name", "torn", "forgotten"),
    [
        ("right", False, False),
        ("without-any-sync", True, True),
        ("without-sync-of-contents", True, False),
        ("without-sync-of-folder", False, True),
        ("in-place", True, False),
    ],
)
def test_who_forgets_something_is_found_out(bench: Bench, name: str, torn: bool, forgotten: bool) -> None:
    found = recorded(bench, name)
    assert found.now()[naive.FILE][1] == NEW
    assert found.done == len(found.operations)
    ever = set().union(*(values(found, at) for at in range(found.done + 1)))
    assert ever >= {OLD, NEW}
    assert (ever != {OLD, NEW}) == torn
    after = values(found, found.done)
    assert (OLD in after) == forgotten
    assert not torn or name == "in-place" or b"" in after


def test_a_recording_that_misses_something_is_an_error(bench: Bench) -> None:
    root = bench.folder / "missed"
    root.mkdir()
    try:
        with pytest.raises(AssertionError, match="misses something"):
            # Told that nothing was there, it can't know what was.
            (root / "other").write_bytes(b"")
            bench.record(root, {naive.FILE: (0o644, OLD)}, "right", root)
    finally:
        shutil.rmtree(root)


@pytest.fixture
def two() -> Disk:
    """A file `a` that is made, written and synced, in a folder that is not; then renamed to `b`."""
    found = Disk({"b": (0o600, b"before")})
    node = found.make(is_folder=False, mode=0o600)
    found.do(Name((((ROOT, "a"), node),)))
    found.do(Data(node, 0, b"first "))
    found.do(Data(node, 6, b"second"))
    found.do(Sync(node))
    found.do(Name((((ROOT, "a"), None), ((ROOT, "b"), node))))
    found.do(Sync(ROOT))
    return found


def test_names_last_from_the_sync_of_their_folder_on(two: Disk) -> None:
    assert Cut(two, 4).tree(lambda _: False, everything) == {"b": (0o600, b"before")}
    assert Cut(two, 5).pending == [0, 4]
    assert Cut(two, 6).pending == []
    assert Cut(two, 6).tree(lambda _: False, nothing) == {"b": (0o600, b"first second")}


def test_contents_last_from_the_sync_of_their_file_on(two: Disk) -> None:
    before = Cut(two, 3)
    assert before.tree(lambda _: True, nothing)["a"] == (0o600, b"")
    assert before.tree(lambda _: True, half)["a"] == (0o600, b"first ")
    assert Cut(two, 4).tree(lambda _: True, nothing)["a"] == (0o600, b"first second")


def test_a_rename_needs_the_name_that_it_takes(two: Disk) -> None:
    cut = Cut(two, 5)
    assert cut.needed(4) == {0, 4}
    assert cut.tree(lambda at: at == 4, everything) == {"b": (0o600, b"before")}


def test_what_is_in_a_folder_without_a_name_is_lost() -> None:
    found = Disk({})
    folder, node = found.make(is_folder=True, mode=0o700), found.make(is_folder=False, mode=0o600)
    found.do(Name((((ROOT, "folder"), folder),)))
    found.do(Name((((folder, "file"), node),)))
    found.do(Sync(folder))
    assert Cut(found, 3).tree(lambda _: False, everything) == {}
    kept = {"folder": (0o700, None), "folder/file": (0o600, b"")}
    assert Cut(found, 3, journal=True).tree(lambda _: False, everything) == kept


def test_a_tree_is_written_as_it_is_read(tmp_path: Path) -> None:
    tree: disk.Tree = {"a": (0o700, None), "a/b": (0o640, b"c"), "d": (0o500, None), "d/e": (0o600, b"")}
    disk.write(tree, tmp_path / "machine")
    assert disk.read(tmp_path / "machine") == tree
