from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from edge import _native as native
from edge.files.staged import Staged
from edge.targets import ENGINES
from tests.support.home import move

ROOT = Path(__file__).resolve().parent.parent.parent

Edge = Callable[..., Any]
Wasm = Callable[[str], Path]


def test_one_artifact_for_every_engine(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    targets = ["pi-zero", "board", "pulley32", "pi-64", "x86_64"]
    words = [word for target in targets for word in ("--target", target)]
    ran = edge("compile", wasm("cron-next"), *words, "-o", tmp_path)
    names = [f"cron-next.{engine}.cwasm" for engine in ("pulley32", "aarch64", "x86_64")]
    assert ran.status == 0
    assert ran.out.splitlines() == [f"{tmp_path}/{name}" for name in names]
    assert sorted(os.listdir(tmp_path)) == sorted(names)


def test_the_description_says_what_the_plugin_says(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    ran = edge("compile", wasm("cron-next"), "--target", "pi-zero", "-o", tmp_path, "--json")
    (artifact,) = ran.document["artifacts"]
    assert artifact["file"] == f"{tmp_path}/cron-next.pulley32.cwasm"
    assert artifact["plugin"] == {"name": "cron-next", "version": "1.0.0"}
    assert [tool["name"] for tool in artifact["tools"]] == ["cron_next"]
    assert artifact["artifact"]["engine"] == "pulley32"


def test_the_same_plugin_gives_the_same_bytes(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    contents = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        assert edge("compile", wasm("cron-next"), "--target", "pi-zero", "-o", folder).status == 0
        contents.append((folder / "cron-next.pulley32.cwasm").read_bytes())
    assert contents[0] == contents[1]


def test_a_plugin_without_tools_is_compiled_too(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    ran = edge("compile", wasm("memory"), "--target", "pi-64", "-o", tmp_path, "--json")
    (artifact,) = ran.document["artifacts"]
    assert artifact["plugin"]["name"] == "memory"
    assert "tools" not in artifact


def test_a_component_that_is_no_plugin_is_compiled_too(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    ran = edge("compile", wasm("types"), "--target", "pi-64", "-o", tmp_path, "--json")
    assert ran.document["artifacts"][0]["artifact"]["engine"] == "aarch64"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "--target missing"),
        (["--target", "pdp-11"], "--target pdp-11: devices are pi-zero"),
        (["--target"], "needs a value"),
    ],
)
def test_a_target_has_to_be_named(edge: Edge, wasm: Wasm, words: list[str], what: str) -> None:
    ran = edge("compile", wasm("cron-next"), *words)
    assert (ran.status, ran.out) == (2, "")
    assert what in ran.err


@pytest.mark.usefixtures("compiled")
def test_progress_is_talk(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    ran = edge("compile", wasm("cron-next"), "--target", "pi-64", "-o", tmp_path, "--json")
    assert len(ran.document["artifacts"]) == 1
    assert re.search(
        r"^cron-next\.wasm: compiling for aarch64\n(.*\n)*cron-next\.wasm: compiling for aarch64 \d+\.\d s\n",
        ran.err,
        re.MULTILINE,
    )


def test_where_it_can_not_be_written_nothing_is_compiled(
    edge: Edge, wasm: Wasm, tmp_path: Path, compiled: list[str]
) -> None:
    (tmp_path / "file").touch()
    ran = edge("compile", wasm("cron-next"), "--target", "pi-64", "-o", tmp_path / "file" / "folder")
    assert (ran.status, ran.out) == (2, "")
    assert f"{tmp_path}/file/folder: Not a directory" in ran.err
    assert compiled == []


def test_a_damaged_key_is_told_before_anything_is_compiled(
    edge: Edge, wasm: Wasm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[str]
) -> None:
    move(monkeypatch, tmp_path / "machine", b"damaged")
    for words in (
        ["compile", wasm("faults"), "--target", "pi-64", "-o", tmp_path],
        ["run", wasm("faults"), "{}"],
    ):
        ran = edge(*words)
        assert (ran.status, "is not a valid signing key" in ran.err) == (5, True)
    assert compiled == []


def test_the_folder_is_made(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    ran = edge("compile", wasm("faults"), "--target", "x86_64-linux", "-o", f"{tmp_path}/new/folder/")
    assert (ran.status, Path(ran.out.strip()).exists()) == (0, True)
    (tmp_path / "a.wasm").write_bytes(b"none")
    assert edge("compile", tmp_path / "a.wasm", "--target", "pi-64", "-o", tmp_path / "b" / "c").status == 3
    assert not (tmp_path / "b").exists()


def test_a_name_that_is_too_long_is_told_before_it_is_compiled(
    edge: Edge, wasm: Wasm, tmp_path: Path, compiled: list[str]
) -> None:
    for length, status in ((256, 2), (255, 0)):
        name = "a" * (length - len(".x86_64.cwasm"))
        path = tmp_path / f"{name}.wasm"
        path.write_bytes(wasm("faults").read_bytes())
        ran = edge("compile", path, "--target", "x86_64-linux", "-o", tmp_path)
        assert (ran.status, bool(compiled)) == (status, not status)
        assert ("Choose a shorter name" in ran.err) == bool(status)


def is_writing(process: int, folder: Path) -> bool:
    """Whether a process has a file open there; until it is finished, that file has no name."""
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(descriptor).startswith(str(folder)):
                return True
    return False


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing_behind(
    wasm: Wasm, tmp_path: Path, interruption: signal.Signals
) -> None:
    targets = [word for engine in ENGINES for word in ("--target", engine)]
    words = ["compile", str(wasm("cron-next")), *targets, "-o", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    # Before it writes, it tries whether it can, and asks the plugin.
    assert "compiling for" in process.stderr.readline()
    deadline = time.monotonic() + 60
    while not is_writing(process.pid, tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_writing(process.pid, tmp_path), "the compiler never began to write"
    process.send_signal(interruption)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.endswith("edge: interrupted\n")
    assert os.listdir(tmp_path) == []


def test_an_interruption_while_files_get_their_names_leaves_all_of_them(
    edge: Edge, wasm: Wasm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Staged.commit

    def interrupted(staged: Staged) -> bool:
        # Not where a cache is filled.
        if staged._path.startswith(str(tmp_path)):
            os.kill(os.getpid(), signal.SIGINT)
        return commit(staged)

    monkeypatch.setattr(Staged, "commit", interrupted)
    words = ["--target", "pi-zero", "--target", "pi-64"]
    assert edge("compile", wasm("cron-next"), *words, "-o", tmp_path).status == 130
    assert len(os.listdir(tmp_path)) == 2


def test_an_artifact_is_signed_with_the_key_of_this_machine(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    from edge.trust import key_file

    edge("compile", wasm("cron-next"), "--target", "pi-64", "-o", tmp_path)
    with open(tmp_path / "cron-next.aarch64.cwasm", "rb") as file:
        description, _ = native.describe_artifact(file.fileno(), "a")
    own = key_file.local_public()
    assert own is not None
    assert description["signer"] == own.hex()


def test_a_plugin_that_starts_above_the_default_memory_is_told_what_to_declare(
    edge: Edge, wasm: Wasm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A mid-sized Python starts so; the limit is lowered to where a small plugin does.
    monkeypatch.setattr("edge.dev.compile.PI_ZERO", SimpleNamespace(limits=SimpleNamespace(memory=1 << 20)))
    ran = edge("compile", wasm("faults"), "--target", "x86_64-linux", "-o", tmp_path)
    assert ran.status == 0
    assert re.search(
        r"faults\.wasm starts with 1\.\d MB of memory, .* 1 MB: declare `memory = 2097152`", ran.err
    )


@pytest.mark.parametrize(("name", "is_told"), [("Weather", True), ("", True), ("weather", False)])
def test_a_name_that_no_scope_of_a_key_can_have_is_told(
    edge: Edge, wasm: Wasm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_told: bool
) -> None:
    facts = {"plugin": {"name": name, "version": "1.0.0"}, "tools": []}
    monkeypatch.setattr("edge.dev.compile._ask", lambda *_: facts)
    ran = edge("compile", wasm("faults"), "--target", "pi-zero", "-o", tmp_path)
    assert (ran.status, "which is not a valid plugin name" in ran.err) == (0, is_told)
