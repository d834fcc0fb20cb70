"""The archive as an operator meets it: unpacked somewhere, started from anywhere."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Callable

import pytest

from edge import errors
from edge._version import __version__
from edge.dev import bundle
from edge.dev.strip import stripped
from tests.dev.starting import start


def test_the_same_contents_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar.gz"
    bundle.write(str(again), "x86_64-linux")
    assert again.read_bytes() == archive.read_bytes()


def test_members_are_below_one_folder_and_belong_to_root(archive: Path) -> None:
    with tarfile.open(archive) as packed:
        members = packed.getmembers()
    assert {member.name.partition("/")[0] for member in members} == {"edge"}
    assert {(member.uid, member.gid) for member in members} == {(0, 0)}
    assert [member.name for member in members if member.mode & stat.S_IXUSR] == ["edge/edge"]
    names = {member.name for member in members}
    for expected in (
        "LICENSE",
        "VERSION",
        "lib/start.py",
        "lib/modules.py",
        "lib/edge/__init__.py",
        "lib/edge/trusted.keys",
    ):
        assert f"edge/{expected}" in names
    assert not any("/dev/" in name or "__pycache__" in name for name in names)


@pytest.mark.parametrize("gone", [False, True])
def test_an_update_that_is_unpacked_over_it_takes_effect(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """Of the same size and time."""
    before, after = __version__, __version__[:-1] + chr(ord(__version__[-1]) ^ 1)
    assert before in start(unpacked / "edge", "--version")[1]
    [compiled] = (unpacked / "lib").glob("modules-*")
    monkeypatch.setattr("edge.dev.bundle.stripped", lambda text: stripped(text).replace(before, after))
    bundle.write(str(tmp_path / "new.tar.gz"), "x86_64-linux")
    old = unpacked / "lib" / "edge" / "of_an_older_one.py"
    if gone:
        old.write_text("")
    subprocess.run(["tar", "-xzf", tmp_path / "new.tar.gz", "-C", tmp_path], check=True)
    assert after in start(unpacked / "edge", "--version")[1]
    assert not compiled.exists()
    found = start(unpacked / "edge", "doctor", "--json", HOME=str(tmp_path))[1]
    told = next(check for check in json.loads(found)["checks"] if check["name"] == "bundle")
    assert (told["status"], str(old) in told["found"]) == ("warn" if gone else "pass", gone)


def test_another_library_is_asked_and_nothing_is_left_in_the_bundle(unpacked: Path, tmp_path: Path) -> None:
    library = tmp_path / "libedge.so"
    library.write_bytes((unpacked / "lib" / "edge" / "_native" / "libedge.so").read_bytes())
    edge = unpacked / "edge"
    start(edge, "--version")
    before = sorted(unpacked.rglob("*"))
    status, out, err = start(edge, "audit", "--engine", str(library), HOME=str(tmp_path))
    assert (status, out, err) == (0, "0 releases, 0 of them would not load\n", "")
    assert sorted(unpacked.rglob("*")) == before


def test_doctor_finds_nothing_at_the_first_start(unpacked: Path, tmp_path: Path) -> None:
    assert not list((unpacked / "lib").glob("modules-*"))
    found = start(unpacked / "edge", "doctor", "--json", HOME=str(tmp_path))[1]
    told = next(check for check in json.loads(found)["checks"] if check["name"] == "bundle")
    assert told["status"] == "pass", told["found"]


def test_doctor_sees_a_file_that_a_power_cut_emptied(unpacked: Path, tmp_path: Path) -> None:
    (unpacked / "lib" / "edge" / "trusted.keys").write_bytes(b"")
    found = start(unpacked / "edge", "doctor", "--json", HOME=str(tmp_path))[1]
    told = next(check for check in json.loads(found)["checks"] if check["name"] == "bundle")
    assert (told["status"], "trusted.keys" in told["found"]) == ("fail", True)
    assert told["remedy"] == "Unpack the bundle again"


def test_it_runs_from_anywhere(unpacked: Path, artifact: Callable[[str], Path]) -> None:
    path = str(artifact("faults"))
    link = unpacked.parent / "bin" / "edge"
    link.parent.mkdir()
    link.symlink_to(unpacked / "edge")
    relative_link = unpacked.parent / "bin" / "relative"
    relative_link.symlink_to("../edge/edge")
    moved = unpacked.parent / "a place with spaces"
    wanted = (0, '{"do":"arguments"}\n', "")
    words = ("run", path, '{"do":"arguments"}')
    assert start(unpacked / "edge", *words) == wanted
    assert start("./edge", *words, cwd=unpacked) == wanted
    assert start(link, *words, cwd=Path("/")) == wanted
    assert start(relative_link, *words, cwd=Path("/")) == wanted
    assert start("edge", *words, PATH=f"{link.parent}:{os.environ['PATH']}") == wanted
    assert start(sys.executable, "edge", *words, cwd=unpacked) == wanted
    unpacked.rename(moved)
    assert start(moved / "edge", *words) == wanted


def test_it_trusts_the_machine_that_made_it(
    unpacked: Path, artifact: Callable[[str], Path], tmp_path: Path
) -> None:
    words = ("run", str(artifact("faults")), '{"do": "nothing"}')
    assert start(unpacked / "edge", *words, HOME=str(tmp_path))[0] == 0
    (unpacked / "lib" / "edge" / "trusted.keys").unlink()
    status, _, err = start(unpacked / "edge", *words, HOME=str(tmp_path))
    assert status == 3
    assert "not trusted here" in err


def test_it_does_not_compile_and_says_where_to(
    unpacked: Path, wasm: Callable[[str], Path], tmp_path: Path
) -> None:
    path = str(wasm("faults"))
    for words in (["run", path, "{}"], ["compile", path, "--target", "pi-zero", "-o", str(tmp_path)]):
        status, out, err = start(unpacked / "edge", *words)
        assert (status, out) == (5, "")
        assert "no compiler" in err
        assert "n a PC: `edge compile" in err
    assert start(unpacked / "edge", "bundle", "--target", "pi-zero", "-o", "x")[0] == 5
    assert start(unpacked / "edge", "inspect", path)[0] == 0


def test_with_a_library_for_another_cpu_it_says_which_bundle_suits(unpacked: Path) -> None:
    library = unpacked / "lib" / "edge" / "_native" / "libedge.so"
    foreign = bytearray(library.read_bytes()[:4096])
    foreign[18:20] = b"\x28\0"
    library.write_bytes(foreign)
    status, _, err = start(unpacked / "edge", "--version")
    assert status == 5
    assert "not for this machine" in err
    assert "edge bundle --target x86_64-linux" in err


def test_where_it_can_not_be_written_no_library_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_library", None)
    with pytest.raises(errors.UsageError, match="nowhere/edge.tar.gz"):
        bundle.write(str(tmp_path / "nowhere" / "edge.tar.gz"), "pi-zero")
