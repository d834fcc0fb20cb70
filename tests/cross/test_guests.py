from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
import tomllib

import edge
from cross import guests
from cross.guests import __main__ as command
from cross.guests import coremark, python, rust, zig
from cross.guests.errors import BuildFailed, NoSuchPlugin
from edge._native import making

Built = Callable[[str], Path]
Artifact = Callable[[str], Path]

RUST = ("channel", "cron-next", "faults", "memory", "types", "wasi")
EXAMPLES = ("cron-next", "sensor-digest")

PLUGIN_INFO = "zeroclaw:plugin/plugin-info@0.1.0"
TOOL = {PLUGIN_INFO, "zeroclaw:plugin/tool@0.1.0"}
LOGGING = "zeroclaw:plugin/logging@0.1.0"
SECRETS = "zeroclaw:plugin/secrets@0.1.0"

INTERFACES = {
    "channel": (
        {LOGGING, "zeroclaw:plugin/inbound@0.1.0"},
        {PLUGIN_INFO, "zeroclaw:plugin/channel@0.1.0"},
    ),
    "coremark": ({"edge:coremark/clock@0.1.0"}, {"run"}),
    "cron-next": ({LOGGING}, TOOL),
    "faults": ({LOGGING, SECRETS, "wasi:cli/exit@0.2.0"}, TOOL),
    "memory": (set(), {PLUGIN_INFO, "zeroclaw:plugin/memory@0.1.0"}),
    "types": ({"edge:types/echo@0.1.0"}, {"edge:types/echo@0.1.0", "edge:types/relay@0.1.0", "join"}),
}


def interfaces(functions: list[str]) -> set[str]:
    return {function.partition("#")[0] for function in functions}


def encoded(path: Path) -> dict[str, Any]:
    return making.encode_component(path.read_bytes(), path.name)


@pytest.mark.parametrize("name", INTERFACES)
def test_imports_and_exports_are_what_the_source_needs(wasm: Built, name: str) -> None:
    found = encoded(wasm(name))
    assert (interfaces(found["imports"]), interfaces(found["exports"])) == INTERFACES[name]


@pytest.mark.parametrize("name", ["sensor-digest", "wasi"])
def test_a_toolchain_with_wasi_imports_all_that_matters_of_it(wasm: Built, name: str) -> None:
    found = encoded(wasm(name))
    wasi = {name.partition("@")[0] for name in interfaces(found["imports"]) if name.startswith("wasi:")}
    assert wasi > {
        "wasi:cli/environment",
        "wasi:cli/exit",
        "wasi:cli/stderr",
        "wasi:clocks/monotonic-clock",
        "wasi:clocks/wall-clock",
        "wasi:filesystem/preopens",
        "wasi:filesystem/types",
        "wasi:io/poll",
        "wasi:io/streams",
        "wasi:sockets/tcp-create-socket",
    }
    assert not any(name.startswith("wasi:http") for name in wasi)
    assert interfaces(found["exports"]) >= TOOL


@pytest.mark.parametrize("name", ["channel", "cron-next", "faults", "memory", "types"])
def test_a_rust_plugin_without_wasi_is_a_core_module_with_metadata(wasm: Built, name: str) -> None:
    assert encoded(wasm(name))["kind"] == "module"


@pytest.mark.parametrize(("name", "most"), [("cron-next", 80_000), ("sensor-digest", 20_000_000)])
def test_an_example_stays_small(wasm: Built, name: str, most: int) -> None:
    assert wasm(name).stat().st_size <= most


@pytest.mark.parametrize("name", RUST)
def test_a_rust_plugin_names_no_folder_of_its_builder(wasm: Built, name: str) -> None:
    contents = wasm(name).read_bytes()
    home = pwd.getpwuid(os.getuid()).pw_dir
    for folder in (str(guests.REPOSITORY), home, sys.prefix, "/usr/lib/rustlib"):
        assert folder.encode() not in contents


def cases() -> list[Any]:
    found = []
    for name in EXAMPLES:
        listed = json.loads((guests.source(name) / "cases.json").read_text())
        found += [pytest.param(name, case, id=f"{name}-{number}") for number, case in enumerate(listed)]
    return found


@pytest.mark.parametrize(("name", "case"), cases())
def test_an_example_gives_the_answers_of_its_cases(
    artifact: Artifact, name: str, case: dict[str, Any]
) -> None:
    plugin = edge.Runtime().load(str(artifact(name)))
    result = plugin.call(case["arguments"], config=case.get("config"))
    assert result.error == case.get("error")
    if result.success:
        output = json.loads(result.output)
        assert {key: output[key] for key in case["output"]} == case["output"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_its_manifest_says(artifact: Artifact, name: str) -> None:
    manifest = tomllib.loads((guests.source(name) / "manifest.toml").read_text())
    with edge.Runtime().load(str(artifact(name))).instance() as instance:
        told = [instance.call(f"{PLUGIN_INFO}#{fact}") for fact in ("plugin-name", "plugin-version")]
    assert told == [manifest["name"], manifest["version"]]
    assert manifest["wasm_path"] == f"{name}.wasm"


def test_coremark_makes_as_many_iterations_as_the_clock_says(artifact: Artifact) -> None:
    answers = iter([0, 5000, 5000, 20_000])
    clock = edge.Interface("edge:coremark/clock@0.1.0", {"ms": lambda _: (next(answers),)})
    with edge.Runtime().load(str(artifact("coremark")), interfaces=[clock]).instance() as instance:
        assert instance.call("run") == 30 / 15


@pytest.mark.parametrize("world", ["tool-plugin", "channel-plugin", "memory-plugin"])
@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_contract_stands_behind_its_feature(tmp_path: Path, world: str, is_enabled: bool) -> None:
    command = [sys.executable, "-c", python.RUN_COMPONENTIZE, "--wit-path", str(guests.WIT)]
    command += ["--world", world, *(["--features", python.FEATURE] if is_enabled else [])]
    done = subprocess.run([*command, "bindings", tmp_path / "out"], check=False, capture_output=True)
    assert (done.returncode == 0) is is_enabled


def test_an_unknown_name_is_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoSuchPlugin, match="cron-next, faults"):
        guests.build("no-such")
    assert command.main(["no-such"]) == 5
    assert capsys.readouterr().out == ""


def test_a_path_is_no_name() -> None:
    with pytest.raises(NoSuchPlugin):
        guests.source(str(guests.source("cron-next")))


def test_a_copy_whose_crate_was_not_renamed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(guests.source("cron-next"), tmp_path / "my-plugin")
    monkeypatch.setattr(guests, "FOLDERS", (tmp_path,))
    assert command.main(["my-plugin"]) == 5
    assert "names the crate 'cron-next'; rename it to 'my-plugin'" in capsys.readouterr().err


def test_what_is_built_is_not_built_again(wasm: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wasm("coremark")
    monkeypatch.setattr(subprocess, "run", None)
    assert guests.build("coremark") == path


def test_sources_and_the_contract_make_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, wit = tmp_path / "plugin", tmp_path / "wit"
    shutil.copytree(guests.source("sensor-digest"), folder)
    shutil.copytree(guests.WIT, wit)
    monkeypatch.setattr(guests, "WIT", wit)
    keys = [guests._key(folder)]
    (folder / "README.md").write_text("changed")
    assert guests._key(folder) == keys[0]
    for changed in (folder / "app.py", wit / "tool.wit"):
        changed.write_text(changed.read_text() + "\n")
        keys.append(guests._key(folder))
    (folder / "digest.py").rename(folder / "renamed.py")
    keys.append(guests._key(folder))
    assert len(set(keys)) == len(keys)


def test_a_source_that_does_not_build_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(BuildFailed, match="componentize-py"):
        python.build(tmp_path, guests.WIT, tmp_path / "out.wasm")


def test_coremark_goes_into_exactly_one_empty_module(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes((guests.source("coremark") / "requirements.txt").read_bytes())
    (tmp_path / "coremark.wat").write_text("(component)")
    with pytest.raises(BuildFailed, match="exactly one"):
        coremark.build(tmp_path, tmp_path / "out.wasm")


def test_a_prebuilt_standard_library_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib" / "rustlib" / "wasm32-wasip2").mkdir(parents=True)
    for name in ("cargo", "rustc"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo rustc 9.9.9 || echo {tmp_path}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    has_library = rust.builder(guests.source("wasi"))
    lacks_library = rust.builder(guests.source("types"))
    assert str(has_library) == "rustc 9.9.9, wasm32-wasip2, standard library prebuilt"
    assert (has_library.links_libc, lacks_library.builds_std) == (False, True)


def test_a_rustc_that_does_not_work_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As rustup's does while no toolchain is chosen."""
    for name in ("cargo", "rustc"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert rust.builder(guests.source("types")).builds_std


def test_a_copied_crate_gets_its_name_into_its_lock(tmp_path: Path) -> None:
    folder = tmp_path / "my-plugin"
    shutil.copytree(guests.source("cron-next"), folder, ignore=shutil.ignore_patterns("target"))
    manifest = folder / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace('"cron-next"', '"my-plugin"'))
    before = (folder / "Cargo.lock").read_text()
    rust.lock(folder)
    after = (folder / "Cargo.lock").read_text()
    assert 'name = "my-plugin"' in after
    assert sorted(after.replace("my-plugin", "cron-next").split("\n\n")) == sorted(before.split("\n\n"))


def test_zig_names_the_parts_of_its_c_library() -> None:
    told = "clang ...\nwasm-ld -o a.wasm /z/1/crt1-reactor.o /z/2/libc.a /z/3/a.o /z/4/libubsan_rt.a\n"
    parts = zig._parts(told)
    assert parts == {"crt1-reactor.o": Path("/z/1/crt1-reactor.o"), "libc.a": Path("/z/2/libc.a")}
    assert zig._parts("error: none") == {}
