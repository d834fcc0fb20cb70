"""The archive as an operator meets it: unpacked somewhere, started from anywhere."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from edge import errors
from edge._version import __version__
from edge.dev import bundle
from edge.dev.strip import stripped

NO_PYTHON = "there is no {} on this machine"


@pytest.fixture(scope="module", autouse=True)
def library() -> Iterator[None]:
    """The library of a bundle is the one that the tests run with, for this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "_library", lambda _: Path(os.environ["EDGE_LIBRARY"]))
        yield


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "edge.tar.gz"
    bundle.write(str(path), "x86_64-linux")
    return path


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    return tmp_path / "edge"


def start(
    program: Path | str, *words: str, cwd: Path | None = None, **environment: str
) -> tuple[int, str, str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "EDGE_PYTHON": sys.executable,
        **environment,
    }
    done = subprocess.run(
        [str(program), *words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


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
    for expected in ("LICENSE", "VERSION", "lib/launch.py", "lib/edge/__init__.py", "lib/edge/trusted.keys"):
        assert f"edge/{expected}" in names
    assert not any("/dev/" in name or "__pycache__" in name for name in names)


@pytest.mark.parametrize("gone", [False, True])
def test_an_update_that_is_unpacked_over_it_takes_effect(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """Of the same size, so that only its time tells Python that what it compiled is old."""
    before, after = __version__, __version__[:-1] + chr(ord(__version__[-1]) ^ 1)
    assert before in start(unpacked / "edge", "--version")[1]
    assert list(unpacked.rglob("__pycache__/_version.*.pyc"))
    monkeypatch.setattr("edge.dev.bundle.stripped", lambda text: stripped(text).replace(before, after))
    bundle.write(str(tmp_path / "new.tar.gz"), "x86_64-linux")
    old = unpacked / "lib" / "edge" / "of_an_older_one.py"
    if gone:
        old.write_text("")
    subprocess.run(["tar", "-xzf", tmp_path / "new.tar.gz", "-C", tmp_path], check=True)
    assert after in start(unpacked / "edge", "--version")[1]
    found = start(unpacked / "edge", "doctor", "--json", HOME=str(tmp_path))[1]
    told = next(check for check in json.loads(found)["checks"] if check["name"] == "bundle")
    assert (told["status"], str(old) in told["found"]) == ("warn" if gone else "pass", gone)


def test_times_go_with_contents_whatever_the_size(archive: Path) -> None:
    with tarfile.open(archive) as packed:
        times = {member.name: member.mtime for member in packed if member.name.endswith(".py")}
    assert len(set(times.values())) >= len(times) - 5
    # FAT keeps every second one from 1980 on, and tar warns of what is yet to come.
    assert all(time % 2 == 0 and 946_684_800 <= time < 1_704_067_200 for time in times.values())


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
    assert start("sh", "edge", *words, cwd=unpacked) == wanted
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
        assert "Compile on a PC" in err
    assert start(unpacked / "edge", "bundle", "--target", "pi-zero", "-o", "x")[0] == 5
    assert start(unpacked / "edge", "inspect", path)[0] == 0


def test_without_python_it_says_what_to_install(unpacked: Path) -> None:
    status, _, err = start(unpacked / "edge", "--version", EDGE_PYTHON="python-of-nowhere")
    assert status == 5
    assert "there is no python-of-nowhere" in err
    assert "sudo apt install python3 python3-cffi-backend" in err


def test_without_the_cffi_backend_it_says_what_to_install(unpacked: Path) -> None:
    launch = unpacked / "lib" / "launch.py"
    launch.write_text(f"import sys\nsys.modules['_cffi_backend'] = None\n{launch.read_text()}")
    status, _, err = start(unpacked / "edge", "--version")
    assert status == 5
    assert "sudo apt install python3-cffi-backend" in err
    assert "Traceback" not in err


def test_with_an_old_python_it_says_which_it_needs(unpacked: Path) -> None:
    launch = unpacked / "lib" / "launch.py"
    launch.write_text(
        launch.read_text().replace("import sys\n", "import sys\nsys.version_info = (3, 7)\n", 1)
    )
    status, _, err = start(unpacked / "edge", "--version")
    assert status == 5
    assert "Python 3.7 here, Edge needs 3.9" in err


def test_with_a_library_for_another_cpu_it_says_which_bundle_suits(unpacked: Path) -> None:
    library = unpacked / "lib" / "edge" / "_native" / "libedge.so"
    foreign = bytearray(library.read_bytes()[:4096])
    foreign[18:20] = b"\x28\0"
    library.write_bytes(foreign)
    status, _, err = start(unpacked / "edge", "--version")
    assert status == 5
    assert "not for this machine" in err
    assert "edge bundle --target x86_64-linux" in err


def test_an_unwritable_place_does_not_matter(unpacked: Path, artifact: Callable[[str], Path]) -> None:
    for folder, _, _ in os.walk(unpacked):
        os.chmod(folder, 0o555)
    assert start(unpacked / "edge", "run", str(artifact("faults")), '{"do": "nothing"}')[0] == 0


def test_where_it_can_not_be_written_no_library_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_library", None)
    with pytest.raises(errors.UsageError, match="nowhere/edge.tar.gz"):
        bundle.write(str(tmp_path / "nowhere" / "edge.tar.gz"), "pi-zero")
