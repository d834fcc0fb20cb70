from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import trust
from edge._native import making
from edge.package import MANIFEST, WASM, Package, open_package
from edge.trust import keyring
from tests.support import packing
from tests.support.home import move

ROOT = Path(__file__).resolve().parent.parent.parent

Edge = Callable[..., Any]
Wasm = Callable[[str], Path]
Plugin = Callable[..., Path]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
ONE = ("--target", "x86_64-linux")


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def plugin(wasm: Wasm, tmp_path: Path) -> Plugin:
    """A folder with a plugin, its manifest changed as a test wants it."""

    def make(name: str = "cron-next", /, **changes: Any) -> Path:
        return packing.folder(tmp_path / name, name, wasm(name), changes)

    return make


@contextlib.contextmanager
def opened(path: Path, trusted: bytes | None = None) -> Iterator[Package]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield open_package(fd, path.name, trust.text() if trusted is None else trusted)
    finally:
        os.close(fd)


def refused(ran: Any, status: int, *messages: str) -> None:
    assert (ran.status, ran.out) == (status, "")
    assert "Traceback" not in ran.err
    for message in messages:
        assert message in ran.err


def test_a_package_has_code_for_the_usual_devices(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    ran = edge("pack", plugin())
    assert (ran.status, ran.out) == (0, "cron-next-1.0.0.edge\n")
    with opened(Path("cron-next-1.0.0.edge")) as package:
        package.check_all()
        assert package.names == [MANIFEST, "code.pulley32", "code.aarch64", "code.x86_64"]
        assert package.manifest() == (tmp_path / "cron-next" / MANIFEST).read_bytes()
        assert package.description["release"] == 1_000_000
        assert package.description["plugin"] == {"name": "cron-next", "version": "1.0.0"}
        assert [tool["name"] for tool in package.description["tools"]] == ["cron_next"]
        assert package.declared().risks == {"cron_next": "low"}


def test_the_document_tells_what_was_signed(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    path = tmp_path / "a.edge"
    ran = edge("pack", plugin(), *ONE, "-o", path, "--json")
    with opened(path) as package:
        signed = {name: value for name, value in package.description.items() if name != "signer"}
    assert ran.document == {"file": str(path), **signed}


def test_the_same_plugin_gives_the_same_bytes_wherever_it_is(edge: Edge, wasm: Wasm, tmp_path: Path) -> None:
    contents = []
    for place, targets in (("a", ("pi-zero", "pi-64")), ("b/c", ("aarch64", "board", "pi-zero"))):
        (tmp_path / place).mkdir(parents=True)
        folder = packing.folder(tmp_path / place / "plugin", "cron-next", wasm("cron-next"), {})
        words = [word for target in targets for word in ("--target", target)]
        assert edge("pack", folder, *words, "-o", tmp_path / place / "made.edge").status == 0
        contents.append((tmp_path / place / "made.edge").read_bytes())
    assert contents[0] == contents[1]


def test_code_in_a_package_is_what_edge_compile_makes(
    edge: Edge, plugin: Plugin, artifact: Callable[..., Path], tmp_path: Path
) -> None:
    edge("pack", plugin(), "--target", "pi-zero", "-o", tmp_path / "a.edge")
    lone = artifact("cron-next", "pulley32").read_bytes()
    with opened(tmp_path / "a.edge") as package, (tmp_path / "code").open("w+b") as code:
        package.unpack(package.code("pulley32"), code.fileno())
        packed = Path(code.name).read_bytes()
        assert lone.startswith(packed)
        assert len(packed) > len(lone) * 9 // 10
        assert package.engines == ["pulley32"]


def test_the_component_goes_along_where_it_is_wanted(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    edge("pack", plugin(), *ONE, "--with-wasm", "-o", tmp_path / "a.edge")
    with opened(tmp_path / "a.edge") as package:
        package.check_all()
        (entry,) = [entry for entry in package.description["files"] if entry["name"] == WASM]
        assert {name: entry[name] for name in ("size", "sha256")} == package.description["source"]


def test_what_was_built_elsewhere_is_named(edge: Edge, plugin: Plugin, wasm: Wasm, tmp_path: Path) -> None:
    folder = plugin()
    (folder / "cron-next.wasm").unlink()
    refused(edge("pack", folder, *ONE, "-o", tmp_path / "a.edge"), 3, "line 5: no such file", "--wasm")
    ran = edge("pack", folder, *ONE, "--wasm", wasm("cron-next"), "-o", tmp_path / "a.edge")
    assert (ran.status, ran.out) == (0, f"{tmp_path}/a.edge\n")


def test_another_key_signs(
    edge: Edge, plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = bytes(making.new_key())
    monkeypatch.setattr(keyring, "seed_of", lambda name, _: {"office": bytearray(seed)}[name])
    assert edge("pack", plugin(), *ONE, "--key", "office", "-o", tmp_path / "a.edge").status == 0
    with opened(tmp_path / "a.edge", trust.of_keys([making.public_key(seed)])) as package:
        assert package.description["signer"] == making.public_key(seed).hex()


@pytest.mark.parametrize(
    ("name", "changes", "line", "message"),
    [
        (
            "cron-next",
            {"name": "cron-last"},
            1,
            "name is cron-last, but the plugin reports cron-next",
        ),
        ("cron-next", {"version": "1.0.1"}, 2, "version is 1.0.1, but the plugin reports 1.0.0"),
        ("cron-next", {"edge": {"tools": []}}, 9, "the tool `cron_next` has no risk"),
        (
            "cron-next",
            {"edge": {"tools": [{"name": "cron_next", "risk": "low"}, {"name": "fly", "risk": "low"}]}},
            9,
            "the plugin has no tool `fly`: it offers cron_next",
        ),
        (
            "cron-next",
            {"edge": {"check": {"tool": "fly", "arguments": "{}"}}},
            9,
            "the tool `fly` is not rated",
        ),
        ("cron-next", {"capabilities": ["tool", "memory"]}, 6, "the component is not a memory"),
        ("cron-next", {"colour": "red"}, 10, "unknown field `colour`"),
        (
            "cron-next",
            {"permissions": ["http_client"], "edge": {"http": {"hosts": ["a.org"]}}},
            7,
            "import HTTP",
        ),
        ("cron-next", {"version": "1.0.0-rc.1"}, 2, "no release number can be derived from 1.0.0-rc.1"),
        ("cron-next", {"wasm_path": "other.wasm"}, 5, "no such file"),
        ("cron-next", {"wasm_path": "."}, 5, "no such file"),
        (
            "cron-next",
            {"config_schema": {"properties": {"a": {"type": "text"}}}},
            8,
            "is not a valid JSON Schema",
        ),
        ("cron-next", {"config_schema": {"minimum": "1"}}, 8, "is not a valid JSON Schema"),
        (
            "cron-next",
            {"config_schema": {"properties": {"a": {"pattern": "("}}}},
            8,
            "is not a valid JSON Schema",
        ),
        (
            "channel",
            {"edge": {"check": {"arguments": "{}"}}},
            5,
            "no `tool` is set under [edge.check]; the plugin offers none",
        ),
        ("memory", {"edge": {"tools": [{"name": "a", "risk": "low"}]}}, 5, "no tool `a`: it offers no tools"),
    ],
)
def test_what_a_device_would_refuse_is_refused_with_its_line(
    edge: Edge, plugin: Plugin, tmp_path: Path, name: str, changes: dict[str, Any], line: int, message: str
) -> None:
    folder = plugin(name, **changes)
    (tmp_path / "out").mkdir()
    ran = edge("pack", folder, *ONE, "-o", tmp_path / "out" / "a.edge")
    refused(ran, 3, f"{folder}/manifest.toml has ", f"line {line}: ", message)
    assert os.listdir(tmp_path / "out") == []


def test_all_problems_are_told_at_once_each_in_its_line(edge: Edge, plugin: Plugin) -> None:
    folder = plugin(name="cron-last", version="2.0.0", edge={"tools": []})
    ran = edge("pack", folder, *ONE)
    refused(
        ran, 3, "has 3 problems\n      line 1: name", "\n      line 2: version", "\n      line 9: the tool"
    )
    told = edge("pack", folder, *ONE, "--json").document["error"]
    assert [problem.split(":")[0] for problem in told["problems"]] == ["line 1", "line 2", "line 9"]
    assert all(problem in told["message"] for problem in told["problems"])


def test_a_fault_of_a_schema_is_told_once(edge: Edge, plugin: Plugin) -> None:
    ran = edge("pack", plugin(config_schema={"items": [True]}), *ONE)
    refused(ran, 3, "has a problem: line 8: this is not a valid JSON Schema")


def test_what_devices_do_not_check_is_refused(edge: Edge, plugin: Plugin) -> None:
    folder = plugin(config_schema={"properties": {"a/b": {"$dynamicRef": "#a"}}})
    refused(edge("pack", folder, *ONE), 3, "line 8: devices do not check `$dynamicRef`")


def test_a_setting_that_nobody_could_set_is_refused(edge: Edge, plugin: Plugin) -> None:
    folder = plugin(config_schema={"properties": {"port": {"$ref": "#/properties/port"}}})
    refused(edge("pack", folder, *ONE), 3, "line 8: its references lead in a circle")


def test_a_link_out_of_the_folder_is_refused(edge: Edge, plugin: Plugin, wasm: Wasm) -> None:
    folder = plugin()
    (folder / "cron-next.wasm").unlink()
    (folder / "cron-next.wasm").symlink_to(wasm("cron-next"))
    refused(edge("pack", folder, *ONE), 3, "line 5: wasm_path points outside ")


def test_an_import_that_nobody_provides_is_refused(
    edge: Edge, plugin: Plugin, wasm: Wasm, compiled: list[str]
) -> None:
    folder = plugin("memory", name="types", capabilities=[])
    ran = edge("pack", folder, *ONE, "--wasm", wasm("types"))
    refused(ran, 3, "types.wasm: ", "edge:types/echo@0.1.0")
    assert compiled == []


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["-o", "missing/a.edge"], 2, "missing/a.edge"),
        (["-o", f"{'a' * 252}.edge"], 2, "Choose a shorter name"),
        (["--key", "nobodys"], 2, "nobodys"),
        (["--config", "no JSON"], 2, "must be a JSON object"),
        (["--secret", "token=/nowhere"], 2, "/nowhere: No such file"),
    ],
)
def test_what_is_wrong_with_an_option_is_told_before_anything_is_compiled(
    edge: Edge, plugin: Plugin, compiled: list[str], words: list[str], status: int, message: str
) -> None:
    refused(edge("pack", plugin(), *ONE, *words), status, message)
    assert compiled == []


@pytest.mark.parametrize(
    "changes",
    [
        {"capabilities": ["tool", "memory"]},
        {"config_schema": {"minimum": "1"}},
        {"permissions": ["http_client"], "edge": {"http": {"hosts": ["a.org"]}}},
        {"edge": {"check": {"tool": "fly", "arguments": "{}"}}},
    ],
)
def test_what_a_manifest_has_wrong_without_the_plugin_is_told_before_anything_is_compiled(
    edge: Edge, plugin: Plugin, compiled: list[str], changes: dict[str, Any]
) -> None:
    refused(edge("pack", plugin(**changes), *ONE), 3, "line ")
    assert compiled == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('{"do": "no", "text": "half done"}', "its own check: it answers no"),
        ('{"do": "error", "text": "out of paper"}', "out of paper"),
        ('{"do": "trap"}', "unreachable"),
        ('{"do": "spin"}', "fuel"),
    ],
)
def test_a_plugin_that_does_not_pass_its_own_check_is_not_packed(
    edge: Edge, plugin: Plugin, arguments: str, message: str
) -> None:
    folder = plugin("faults", edge={"check": {"arguments": arguments}})
    refused(edge("pack", folder, *ONE), 1, f"{folder}/manifest.toml, line 5: ", message)


def test_a_check_has_the_limits_that_devices_give(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    edge_table: dict[str, Any] = {
        "check": {"arguments": '{"do": "work", "count": 100000}'},
        "limits": {"fuel": 1000},
    }
    refused(edge("pack", plugin("faults", edge=edge_table), *ONE), 1, "fuel")
    edge_table["limits"]["fuel"] = 100_000_000
    assert edge("pack", plugin("faults", edge=edge_table), *ONE, "-o", tmp_path / "a.edge").status == 0


def test_a_check_that_needs_what_is_not_here_is_left_to_the_device(
    edge: Edge, plugin: Plugin, tmp_path: Path
) -> None:
    folder = plugin(
        "faults",
        permissions=["config_read"],
        config_schema={"properties": {"token": {"type": "string", "x-secret": True}}},
        edge={"check": {"arguments": '{"do": "trap"}'}},
    )
    assert edge("pack", folder, *ONE, "-o", tmp_path / "a.edge").status == 0


def test_without_jsonschema_its_installation_is_named(
    edge: Edge, plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    refused(edge("pack", plugin(), *ONE), 5, "pip install jsonschema")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "not WebAssembly"),
        (b"\0asm\1\0\0\0", "without component metadata"),
        (b"#!/bin/sh", "not WebAssembly"),
    ],
)
def test_what_is_no_component_is_refused(edge: Edge, plugin: Plugin, contents: bytes, message: str) -> None:
    folder = plugin()
    (folder / "cron-next.wasm").write_bytes(contents)
    refused(edge("pack", folder, *ONE), 3, "cron-next.wasm: ", message)


def test_wrong_usage(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    refused(edge("pack"), 2, "DIR missing")
    refused(edge("pack", tmp_path / "nowhere"), 2, "nowhere/manifest.toml")
    refused(edge("pack", tmp_path), 2, "manifest.toml: No such file")
    refused(edge("pack", plugin(), "--target", "pdp-11"), 2, "devices are pi-zero")
    refused(edge("pack", plugin(), "-o", tmp_path / "no" / "a.edge"), 2, "no/a.edge")
    refused(edge("pack", plugin(), "--wasm", "/nowhere.wasm"), 2, "/nowhere.wasm")
    odd = plugin("memory", version="a/b", edge={"release": 1})
    refused(edge("pack", odd, *ONE), 2, "memory-a/b.edge is not a valid file name", "-o FILE")


@pytest.mark.parametrize("key", [None, "plain"])
def test_a_passphrase_that_nothing_needs_is_wrong_usage(
    edge: Edge, plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    move(monkeypatch, tmp_path / "machine")
    keyring.make("plain")
    named = ("--key", key) if key else ()
    ran = edge("pack", plugin(), *ONE, *named, "--passphrase-file", "/dev/null")
    refused(ran, 2, "has no passphrase", "--passphrase-file")


def test_what_is_said_where_nobody_listens_stays_out_of_the_package(plugin: Plugin, tmp_path: Path) -> None:
    path = tmp_path / "a.edge"
    command = f'{sys.executable} -m edge pack "$@" <&- 2>&-'
    words = [str(plugin()), *ONE, "-o", str(path)]
    subprocess.run(["sh", "-c", command, "sh", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    with opened(path) as package:
        package.check_all()


@as_root
def test_a_full_disk_leaves_the_older_package(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", output], check=True)
    try:
        (output / "a.edge").write_bytes(b"old")
        refused(edge("pack", plugin(), *ONE, "-o", output / "a.edge"), 5, "a.edge: No space left")
        assert (os.listdir(output), (output / "a.edge").read_bytes()) == (["a.edge"], b"old")
    finally:
        subprocess.run(["umount", output], check=True)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing_behind(
    plugin: Plugin, tmp_path: Path, interruption: signal.Signals
) -> None:
    (tmp_path / "out").mkdir()
    # A plugin that takes seconds to compile: the signal arrives in time on a busy machine, too.
    words = ["pack", str(plugin("sensor-digest")), "-o", str(tmp_path / "out" / "a.edge")]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "compiling for" in process.stderr.readline()
    assert _has_open(process.pid, tmp_path / "out")
    process.send_signal(interruption)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.splitlines()[-1]) == (130, "edge: interrupted")
    assert os.listdir(tmp_path / "out") == []


def _has_open(process: int, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        descriptors = Path(f"/proc/{process}/fd").iterdir()
        return any(os.readlink(descriptor).startswith(str(folder)) for descriptor in descriptors)
    return False


@pytest.mark.parametrize("folder", ["new/folder/", "there", "there/"])
def test_a_folder_gets_a_file_with_the_usual_name(edge: Edge, plugin: Plugin, folder: str) -> None:
    Path("there").mkdir()
    ran = edge("pack", plugin(), *ONE, "-o", folder)
    assert (ran.status, ran.out) == (0, f"{folder.rstrip('/')}/cron-next-1.0.0.edge\n")
    assert Path(ran.out.strip()).exists()


def test_a_folder_that_was_made_goes_with_the_package(edge: Edge, plugin: Plugin) -> None:
    assert edge("pack", plugin(version="9.9.9"), *ONE, "-o", "new/folder/").status == 3
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("cron-next.wasm", "edge pack DIR --wasm {}/cron-next.wasm"),
        ("manifest.toml", "edge pack {}"),
        ("cron-next.edge", "edge inspect {}/cron-next.edge"),
        ("README", "edge pack DIR"),
    ],
)
def test_a_file_in_place_of_the_folder_says_what_to_name(
    edge: Edge, plugin: Plugin, name: str, remedy: str
) -> None:
    folder = plugin()
    (folder / name).touch()
    refused(
        edge("pack", folder / name),
        2,
        f"{folder / name} is a file; a package is made from a folder",
        remedy.format(folder),
    )
