"""Remedies about files, folders and the store's places, followed as they are told."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import cli, files
from edge.files import runtime_dir
from tests.remedies.reading import advice

Edge = Callable[..., Any]
Install = Callable[..., Any]
NOTHING = '{"do": "nothing"}'
SOMEBODY = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users")


@pytest.fixture
def spaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same machine at a path that a shell does not take as it is."""
    path = tmp_path / "it's here"
    os.rename(tmp_path / "data", tmp_path / "kept")
    path.mkdir()
    os.rename(tmp_path / "kept", path / "data")
    monkeypatch.setenv("XDG_DATA_HOME", str(path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(path / "config"))
    return path


def test_a_folder_where_a_file_belongs(edge: Edge, spaced: Path, installed: Install) -> None:
    installed()
    path = spaced / "config/edge/policy.json"
    path.mkdir(parents=True)
    advice(edge("call", "faults", NOTHING), "Move it away: `mv {} {}`").shell()
    assert edge("call", "faults", NOTHING).status == 0


def test_a_file_that_others_can_write(edge: Edge, spaced: Path, installed: Install) -> None:
    installed()
    edge("policy", "level", "default")
    edge("policy", "unattended", "none")
    (spaced / "config/edge/policy.json").chmod(0o666)
    advice(edge("reload", "faults"), "`chmod go-w {}`; check first that nobody changed it").shell()
    assert edge("reload", "faults").status == 0
    (spaced / "data/edge/keys/local.key").chmod(0o666)
    advice(
        edge("reload", "faults"), "`chmod go-rwx {}`; if others may have read it, replace its contents"
    ).shell()
    assert edge("reload", "faults").status == 0


def test_a_key_that_others_can_read(edge: Edge, spaced: Path) -> None:
    (spaced / "data/edge/keys/local.key").chmod(0o644)
    ran = edge("doctor", "--json")
    (check,) = (one for one in ran.document["checks"] if one["name"] == "keys")
    advice(
        check["remedy"], "`chmod go-rwx {}`; if others may have read it, create new keys and revoke these"
    ).shell()
    assert edge("compile", "--help").status == 0
    (check,) = (one for one in edge("doctor", "--json").document["checks"] if one["name"] == "keys")
    assert check["status"] == "pass"


def test_a_folder_that_others_can_write(edge: Edge, spaced: Path, installed: Install) -> None:
    installed()
    files.checked_folders.clear()
    (spaced / "data/edge").chmod(0o777)
    advice(edge("reload", "faults"), "`chmod go-w {}`; check first that nobody replaced a file in it").shell()
    assert edge("reload", "faults").status == 0


@as_root
def test_a_home_of_another_user(edge: Edge, spaced: Path, installed: Install) -> None:
    installed()
    for path in (spaced, *spaced.rglob("*")):
        os.chown(path, SOMEBODY, -1)
    told = advice(
        edge("reload", "faults"),
        "Run it as that user: `sudo -u {} edge …`, or use the folders of root: `sudo -H edge …`",
    )
    assert told.command(0)[:3] == ["sudo", "-u", f"#{SOMEBODY}"]


@as_root
def test_a_file_of_another_user(edge: Edge, tmp_path: Path, installed: Install) -> None:
    """As a user who is not root sees it: the command is one for an administrator, who is played here."""
    installed()
    path = tmp_path / "config/edge/policy.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    edge("policy", "unattended", "none")
    for one in (tmp_path, *tmp_path.rglob("*")):
        os.chown(one, SOMEBODY, SOMEBODY)
    os.chown(path, SOMEBODY + 1, -1)
    path.chmod(0o644)
    told = advice(
        as_somebody("policy"),
        "If this is expected: `sudo chown {} {}`; otherwise move it away, or set "
        "XDG_CONFIG_HOME and XDG_DATA_HOME to other folders",
    )
    told.shell()
    assert "level" in as_somebody("policy")


@as_root
def test_what_root_left_in_a_home(tmp_path: Path, installed: Install) -> None:
    installed()
    for one in (tmp_path, *tmp_path.rglob("*")):
        os.chown(one, SOMEBODY, SOMEBODY)
    os.chown(tmp_path / "data/edge/audit", 0, 0)
    told = advice(as_somebody("doctor"), "Root created it while HOME was this user's: {}")
    told.shell()
    assert "Root made it" not in as_somebody("doctor")


def as_somebody(*words: str) -> str:
    """What Edge says to a user who is not root; a child of this process has all it imports already."""
    for above in list(Path(os.environ["XDG_DATA_HOME"]).parents)[1:4]:
        if above.stat().st_uid == 0 and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o011)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            os.dup2(writing, 1)
            os.dup2(writing, 2)
            os.setgroups([])
            os.setgid(SOMEBODY)
            os.setuid(SOMEBODY)
            files.checked_folders.clear()
            cli.main(words)
        os._exit(0)
    os.close(writing)
    with open(reading) as said:
        text = said.read()
    os.waitpid(child, 0)
    return text


def test_links_that_lead_in_a_circle(edge: Edge, spaced: Path, installed: Install) -> None:
    installed()
    path = spaced / "config/edge/policy.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(path)
    told = advice(edge("reload", "faults"), "`namei {}` shows them; remove those that form a circle")
    subprocess.run(told.command(), capture_output=True, check=False)
    path.unlink()
    assert edge("reload", "faults").status == 0


def test_a_folder_that_is_a_link_to_nowhere(edge: Edge, spaced: Path) -> None:
    (spaced / "config").mkdir()
    (spaced / "config/edge").symlink_to(spaced / "unmounted")
    ran = edge("policy", "level", "strict")
    assert ran.status == 5
    advice(ran, "Create the folder there, or remove the link: `rm {}`").shell()
    assert edge("policy", "level", "strict").status == 0


def test_a_policy_that_is_gone(edge: Edge, spaced: Path) -> None:
    edge("policy", "level", "strict")
    (spaced / "config/edge/policy.json").unlink()
    ran = edge("doctor", "--json")
    (check,) = (one for one in ran.document["checks"] if one["name"] == "files")
    advice(check["remedy"], "Restore it from a backup; if it was removed on purpose: `rm {}`").shell()
    (check,) = (one for one in edge("doctor", "--json").document["checks"] if one["name"] == "files")
    assert check["status"] == "pass"


def test_a_place_for_an_artifact_that_is_not_there(edge: Edge, spaced: Path) -> None:
    path = spaced / "not there" / "a.edge"
    told = advice(edge("bundle", "--target", "pi-zero", "-o", path), "Create it: `mkdir -p {}`")
    told.shell()
    assert path.parent.is_dir()


def test_a_standard_stream_that_is_closed(artifact: Callable[[str], Path]) -> None:
    command = f"{sys.executable} -m edge run {artifact('faults')} -"
    ran = subprocess.run(["/bin/sh", "-c", f"{command} <&-"], capture_output=True, text=True, check=False)
    advice(ran.stderr, "It is closed: remove `<&-` or `>&-` from the command")
    ran = subprocess.run(
        ["/bin/sh", "-c", command], input=NOTHING, text=True, capture_output=True, check=False
    )
    assert ran.returncode == 0


def test_more_files_than_a_process_may_open() -> None:
    code = (
        # A module needs a file as well; a bundle keeps its one open.
        "import resource, edge.files.io_errors\nfrom edge import errors, files\nerrors.IoFault('')\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\nfiles.open_input('/etc/passwd')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    told = advice(ran.stderr, "This process cannot open more files: `ulimit -n` shows the limit")
    assert told.built_in()


def test_larger_files_than_a_process_may_write(wasm: Callable[[str], Path]) -> None:
    command = f"ulimit -f 1; {sys.executable} -m edge inspect {wasm('cron-next')}"
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (ran.returncode, "Traceback" in ran.stderr) == (5, False)
    told = advice(ran.stderr, "The file exceeds the limit of this process: `ulimit -f` shows the limit")
    assert told.built_in("ulimit -f 1") == "1"


def test_a_store_that_stays_locked(edge: Edge, installed: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    installed()
    from edge.store import lock

    monkeypatch.setattr(lock, "TIMEOUT", 0.1)
    path = Path(os.environ["XDG_DATA_HOME"]) / "edge/store/lock"
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        told = advice(
            edge("disable", "faults"),
            "Another process is changing plugins, or was stopped meanwhile: `fuser {}` shows it",
        )
        assert str(os.getpid()) in told.shell()
    assert edge("disable", "faults").status == 0


def test_a_file_in_memory_that_stays_locked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(runtime_dir, "LOCK_TIMEOUT", 0.05)
    path = tmp_path / "log"
    path.write_bytes(b"")
    with path.open() as _:
        with pytest.raises(Exception, match="has been locked") as caught:
            list(runtime_dir.pauses(str(path)))
        told = advice(caught.value, "A stopped process may hold the lock: `fuser {}` shows which")
        assert str(os.getpid()) in told.shell()


CONVERT = "Convert it: `iconv -f {} -t UTF-8 -o {} {}`, then `mv {} {}`"


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        ("config/edge/policy.json", '{"format": 1}', ["policy"]),
        ("config/edge/trusted.keys", "# nobody\n", ["key", "list"]),
        ("config/edge/registry", "/nowhere/index.json\n", ["install", "nobody"]),
        ("data/edge/config/faults.json", "{}", ["config", "faults"]),
        ("given.json", "{}", ["config", "faults", "--from", "{}"]),
        ("given.json", "{}", ["run", "{folder}/no.wasm", "--config", "@{}", "[]"]),
        ("given.keys", "# nobody\n", ["key", "trust", "{}"]),
        ("plugin/manifest.toml", 'name = "x"\n', ["pack", "{folder}"]),
    ],
)
@pytest.mark.parametrize("code", ["utf-16", "utf-16-be"])
def test_a_text_in_utf_16(
    edge: Edge, spaced: Path, installed: Install, place: str, text: str, words: list[str], code: str
) -> None:
    installed('permissions = ["config_read"]')
    path = spaced / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(code))
    (path.parent / "no.wasm").write_bytes(b"\0asm")
    line = [word.format(path, folder=path.parent) for word in words]
    told = advice(edge(*line), CONVERT)
    for at in range(2):
        told.shell(at)
    assert path.read_text() == text
    assert "UTF-16" not in edge(*line).err


def test_arguments_in_utf_16(installed: Install) -> None:
    installed()
    told = subprocess.run(
        [sys.executable, "-m", "edge", "call", "faults", "-"],
        input=NOTHING.encode("utf-16"),
        capture_output=True,
        check=False,
    )
    assert told.returncode == 2, told.stderr
    command = advice(told.stderr.decode(), "Convert it: `iconv -f {} -t UTF-8`").command()
    text = subprocess.run(command, input=NOTHING.encode("utf-16"), capture_output=True, check=True).stdout
    assert text.decode() == NOTHING
