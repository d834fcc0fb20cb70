"""What is verified is what runs: which files are mapped in place, and which are copied first."""

from __future__ import annotations

import json
import mmap
import os
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from edge import Limits, Plugin, Runtime
from edge.interfaces.logging import Logging
from tests.support import fuse

Artifact = Callable[..., Path]

QUESTION = json.dumps({"cron": "0 7 * * *", "after": "2026-01-30T09:30:00Z"})
COPY = "edge-artifact"
OTHER_USER = 12345

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts, and gives files away")


@pytest.fixture
def path(artifact: Artifact, tmp_path: Path) -> Path:
    own = tmp_path / "own.cwasm"
    own.write_bytes(artifact("cron-next").read_bytes())
    return own


def load(path: Path) -> Plugin:
    return Runtime().load(str(path), interfaces=(Logging(lambda *_: None),))


def answers(plugin: Plugin) -> bool:
    return plugin.call(QUESTION, limits=Limits(fixed=True)).success


def mapped() -> str:
    return Path("/proc/self/maps").read_text()


def test_a_file_that_nobody_else_can_change_is_mapped_in_place(path: Path) -> None:
    plugin = load(path)
    assert (str(path) in mapped(), COPY in mapped()) == (True, False)
    assert answers(plugin)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_copied(path: Path, mode: int) -> None:
    path.chmod(mode)
    plugin = load(path)
    assert (str(path) in mapped(), COPY in mapped()) == (False, True)
    assert answers(plugin)


@needs_root
def test_a_file_of_another_user_is_copied(path: Path) -> None:
    os.chown(path, OTHER_USER, OTHER_USER)
    assert answers(load(path))
    assert str(path) not in mapped()


@needs_root
def test_a_file_on_a_device_of_a_user_is_copied(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid", "stick", folder], check=True)
    try:
        there = folder / path.name
        there.write_bytes(path.read_bytes())
        assert answers(load(there))
        assert str(there) not in mapped()
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_file_that_somebody_has_open_for_writing_is_copied(path: Path) -> None:
    with path.open("r+b"):
        plugin = load(path)
    assert str(path) not in mapped()
    assert answers(plugin)


def test_who_mapped_a_file_before_it_was_given_away_changes_nothing_that_runs(path: Path) -> None:
    with path.open("r+b") as file:
        theirs = mmap.mmap(file.fileno(), 0)
    # What is left of the former owner is the mapping alone.
    with theirs:
        plugin = load(path)
        theirs[:] = bytes(len(theirs))
        assert answers(plugin)
        assert answers(plugin)


@needs_root
def test_a_filesystem_that_answers_otherwise_the_second_time_changes_nothing_that_runs(
    path: Path, tmp_path: Path
) -> None:
    signed = path.read_bytes()
    folder = tmp_path / "mounted"
    folder.mkdir()

    def serve(times: int, at: int, size: int) -> bytes:
        return signed[at : at + size] if times < 2 else bytes(size)

    with fuse.mounted(folder, len(signed), serve) as remote:
        plugin = load(remote)
        assert str(remote) not in mapped()
        assert answers(plugin)
