"""Remedies for who builds, compiles, packs and tries plugins, followed as they are told."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import Runtime, errors
from edge import _native as native
from edge.dev import compile as compiling
from tests.cli.test_unloadable import ASYNC, PREVIEW_1, TOOL, importing
from tests.remedies.reading import advice
from tests.support import packages, packing
from tests.support.limits_guest import wasm as assembled

Edge = Callable[..., Any]
Wasm = Callable[[str], Path]
Plugin = Callable[..., Path]
NOTHING = '{"do": "nothing"}'
ENGINE = native.about()["engine"]
OTHER = "pulley32" if ENGINE != "pulley32" else "x86_64"


@pytest.fixture
def plugin(tmp_path: Path, wasm: Wasm) -> Plugin:
    """A folder that `edge pack` takes, with other fields in its manifest."""
    return lambda **changes: packing.folder(tmp_path / "plugin", "faults", wasm("faults"), changes)


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on this is a device, which has no compiler."""

    def forget() -> None:
        # What is imported meanwhile is another module, and does not stay where the package keeps this one.
        monkeypatch.setattr(sys.modules["edge"], "dev", sys.modules["edge.dev"])
        for name in [name for name in sys.modules if name.startswith("edge.dev")]:
            monkeypatch.delitem(sys.modules, name)
        for name in ("edge.dev", "edge.dev.pack_source", "edge.dev.compiler", "edge.dev.compile"):
            monkeypatch.setitem(sys.modules, name, None)

    return forget


def put(words: list[str], path: str) -> list[str]:
    """The words with a path where the reader's plugin belongs."""
    return [path if word == "PLUGIN.wasm" else word for word in words]


def test_what_is_not_compiled_on_a_device(
    edge: Edge, wasm: Wasm, tmp_path: Path, no_compiler: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(shutil.copy(wasm("faults"), tmp_path / "faults.wasm"))
    with monkeypatch.context():
        no_compiler()
        told = advice(
            edge("run", path, NOTHING),
            "On a PC: `edge compile {} --target {}`; then copy the result here",
        )
        general = advice(
            edge("compile", path, "--target", "pi-zero"),
            "Compile on a PC: `edge compile PLUGIN.wasm --target DEVICE -o DIR`, then copy the .cwasm here",
        )
    for name in [name for name in sys.modules if name.startswith("edge.dev") and sys.modules[name] is None]:
        del sys.modules[name]
    monkeypatch.chdir(tmp_path)
    assert edge(*told.edge()).status == 0
    assert edge("run", f"faults.{told.filled[1]}.cwasm", NOTHING).status == 0
    assert edge(*put(general.edge(DEVICE="pi-zero", DIR=tmp_path / "out"), path)).status == 0
    assert (tmp_path / "out" / "faults.pulley32.cwasm").is_file()


def test_what_is_not_packed_on_a_device(
    edge: Edge,
    plugin: Plugin,
    tmp_path: Path,
    no_compiler: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = plugin()
    with monkeypatch.context():
        no_compiler()
        told = advice(
            edge("install", f"{folder}/"),
            "On a PC: `edge pack DIR --target {}`; then install the package here",
        )
        packing_told = advice(edge("pack", folder), "On a PC: `edge pack DIR`; then install the package here")
    for name in [name for name in sys.modules if name.startswith("edge.dev") and sys.modules[name] is None]:
        del sys.modules[name]
    monkeypatch.chdir(tmp_path)
    made = edge(*told.edge(DIR=folder), "-o", "here.edge")
    assert (made.status, edge("install", "./here.edge").status) == (0, 0)
    assert packing_told.edge(DIR=folder) == ["pack", str(folder)]


def test_a_package_for_another_engine(
    edge: Edge, packed: Callable[..., Path], plugin: Plugin, tmp_path: Path
) -> None:
    told = advice(
        edge("install", packed(engines=(OTHER,))),
        "Get a package for {}, or create one on a PC: `edge pack DIR --target {}`",
    )
    assert edge(*told.edge(DIR=plugin()), "-o", tmp_path / "here.edge").status == 0
    assert edge("install", tmp_path / "here.edge").status == 0


def test_an_artifact_for_another_engine(
    edge: Edge, artifact: Callable[..., Path], wasm: Wasm, tmp_path: Path
) -> None:
    told = advice(
        edge("run", artifact("faults", OTHER), NOTHING),
        "Compile it for this machine's engine with `edge compile --target ENGINE`, or get a file for it",
    )
    assert edge(*told.edge(ENGINE=ENGINE), wasm("faults"), "-o", tmp_path).status == 0
    assert edge("run", tmp_path / f"faults.{ENGINE}.cwasm", NOTHING).status == 0


def test_a_file_that_is_no_artifact(
    edge: Edge, tmp_path: Path, wasm: Wasm, packed: Callable[..., Path]
) -> None:
    path = tmp_path / "a.cwasm"
    path.write_text("nothing\n")
    told = advice(
        edge("run", path, "{}"),
        "Use a .cwasm that `edge compile` wrote; `edge inspect` shows what a file is",
    )
    assert "nothing" not in edge(*told.edge(1), path).err
    assert edge(*told.edge(0), wasm("faults"), "--target", ENGINE, "-o", tmp_path).status == 0
    assert edge("run", tmp_path / f"faults.{ENGINE}.cwasm", NOTHING).status == 0
    told = advice(
        edge("run", packed(), NOTHING),
        "`edge install {}`, then `edge call NAME JSON`; `edge inspect {}` shows the name",
    )
    with pytest.raises(errors.NotArtifact) as caught:
        Runtime().load(packed())
    advice(
        caught.value.remedy,
        "`edge install FILE`, then `edge call NAME JSON`; `edge inspect FILE` shows the name",
    )
    assert edge(*told.edge(0)).status == 0
    name = edge(*told.edge(2), "--json").document["name"]
    assert edge(*told.edge(1, NAME=name, JSON=NOTHING)).status == 0


def test_a_file_that_is_no_package(edge: Edge, tmp_path: Path, plugin: Plugin) -> None:
    path = tmp_path / "a.edge"
    path.write_text("nothing\n")
    told = advice(
        edge("install", path),
        "Use a .edge that `edge pack` wrote, or an archive with a .edge or a plugin's folder: {}",
    )
    assert edge(*told.edge(), plugin(), "--target", ENGINE, "-o", path).status == 0
    assert edge("install", path).status == 0


def test_a_file_of_which_nobody_can_tell_the_imports(edge: Edge, tmp_path: Path) -> None:
    path = tmp_path / "a plugin.wasm"
    path.write_bytes(assembled(PREVIEW_1))
    told = advice(edge("audit", path), "`edge inspect {}` shows details")
    assert "preview 1 of WASI" in edge(*told.edge()).out


@pytest.mark.parametrize("limit", ["fuel", "timeout", "memory"])
def test_a_limit_of_a_run(edge: Edge, artifact: Callable[..., Path], limit: str) -> None:
    less = {"fuel": 10, "timeout": 0.001, "memory": 1}
    arguments = NOTHING if limit == "memory" else '{"do": "work", "count": 3000000}'
    told = advice(
        edge("run", artifact("faults"), arguments, f"--{limit}", less[limit]),
        "To allow more: {}",
    )
    assert f"--{limit}" in told.text
    more = {"fuel": 1 << 40, "timeout": 600, "memory": 64}
    assert edge("run", artifact("faults"), arguments, f"--{limit}", more[limit]).status == 0


def test_a_limit_that_a_run_has_no_option_for(
    edge: Edge, artifact: Callable[..., Path], tmp_path: Path
) -> None:
    arguments = '{"do": "big-output", "count": 5000000}'
    told = advice(
        edge("run", artifact("faults"), arguments),
        "Declare {} under [edge.limits] of a manifest; run it with --manifest FILE --level relaxed",
    )
    path = tmp_path / "manifest.toml"
    path.write_text(packages.manifest_of("faults", "1.0.0", f"[edge.limits]\n{told.filled[0]} = {8 << 20}\n"))
    ran = edge("run", artifact("faults"), arguments, "--manifest", path, "--level", "relaxed")
    assert ran.status == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ASYNC, lambda ran: advice(ran, "Build it for WASI 0.2 (wasm32-wasip2), without async functions")),
        (
            f"(component {importing('wasi:cli/stdout@0.3.0')})",
            lambda ran: advice(ran, "Build it for wasm32-wasip2"),
        ),
        (
            TOOL.format(imports=importing("zeroclaw:plugin/state@0.1.0")),
            lambda ran: advice(
                ran, "Build it against wit/ in Edge's repository, the contract of this release"
            ),
        ),
        (
            TOOL.format(imports=importing("acme:host/api")),
            lambda ran: advice(
                ran,
                "Build it for a world of wit/ in Edge's repository: plugins get no other interfaces",
            ),
        ),
        (
            PREVIEW_1,
            lambda ran: advice(
                ran,
                "Build it with bindings (wit-bindgen, componentize-py) for a world of wit/ in Edge's "
                "repository",
            ),
        ),
    ],
    ids=["async", "wasi 0.3", "contract", "world", "module"],
)
def test_what_is_built_for_something_else(
    edge: Edge, tmp_path: Path, wasm: Wasm, text: str, told: Callable[[Any], Any]
) -> None:
    """Built as the remedy says is what our own plugins are: for wasm32-wasip2 and a world of wit/."""
    path = tmp_path / "a.wasm"
    path.write_bytes(assembled(text))
    told(edge("compile", path, "--target", "pi-zero", "-o", tmp_path))
    assert "wasip2" in str(wasm("cron-next")) or wasm("cron-next").is_file()
    assert (Path(compiling.__file__).parents[2] / "wit").is_dir()
    assert edge("compile", wasm("cron-next"), "--target", "pi-zero", "-o", tmp_path).status == 0


@pytest.mark.parametrize("module", ["wasi_snapshot_preview1", "__main_module__"])
def test_a_module_for_preview_1(edge: Edge, wasm: Wasm, tmp_path: Path, module: str) -> None:
    given = wasm("cron-next").read_bytes()
    metadata = given[given.index(b"component-type") - 4 :]
    path = tmp_path / "a.wasm"
    path.write_bytes(assembled(PREVIEW_1.replace("wasi_snapshot_preview1", module)) + metadata)
    ran = edge("compile", path, "--target", "pi-zero", "-o", tmp_path)
    if module == "__main_module__":
        advice(ran, "Give the component that `wasm-tools component new --adapt` made with it")
    else:
        advice(
            ran,
            "Build it for wasm32-wasip2, or make a component of it: wasm-tools component new FILE "
            "--adapt ADAPTER",
        )
    assert edge("compile", wasm("cron-next"), "--target", "pi-zero", "-o", tmp_path).status == 0


def test_a_check_that_does_not_pass(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    wrong = plugin(edge={"check": {"arguments": '{"do": "error", "text": "x"}'}})
    advice(
        edge("pack", wrong, "-o", tmp_path / "a.edge"),
        "No device would install it: correct the plugin or [edge.check]",
    )
    assert edge("pack", plugin(edge={"check": {"arguments": NOTHING}}), "-o", tmp_path / "a.edge").status == 0


def test_a_release_number_of_ones_own_plugin(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    advice(
        edge("pack", plugin(), "--release", 7, "-o", tmp_path / "a.edge"),
        "Set the number in the manifest: release under [edge]",
    )
    assert edge("pack", plugin(edge={"release": 7}), "-o", tmp_path / "a.edge").status == 0


def test_a_version_that_no_number_follows_from(edge: Edge, plugin: Plugin) -> None:
    edge("install", f"{plugin(version='one', edge={'release': 3})}/", "--yes")
    told = advice(
        edge("install", f"{plugin(version='two')}/", "--yes"),
        "Add a number that rises with every release to its manifest: release = {} under [edge]",
    )
    folder = plugin(version="two", edge={"release": int(told.filled[0])})
    assert edge("install", f"{folder}/", "--yes").status == 0


def test_a_manifest_that_names_no_wasm(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    folder = plugin(wasm_path=None)
    shutil.copy(folder / "faults.wasm", folder / "other.wasm")
    ran = edge("pack", "--adopt", folder, "-o", tmp_path / "a.edge")
    advice(ran, "Set wasm_path in the manifest")
    folder = plugin(wasm_path="faults.wasm")
    assert edge("pack", "--adopt", folder, "-o", tmp_path / "a.edge").status == 0


def test_a_passphrase_for_a_key_without_one(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("correct horse\n")
    words = ("pack", plugin(), "-o", tmp_path / "a.edge")
    ran = edge(*words, "--passphrase-file", tmp_path / "passphrase")
    advice(ran, "Omit --passphrase-file, or name another key with --key")
    assert edge(*words).status == 0
    edge("key", "new", "office", "--passphrase-file", tmp_path / "passphrase")
    assert edge(*words, "--passphrase-file", tmp_path / "passphrase", "--key", "office").status == 0


def test_a_version_that_is_no_name_for_a_file(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    folder = plugin(version="1/2", edge={"release": 1})
    advice(edge("pack", "--adopt", folder), "Name the output file: -o FILE, for instance weather.edge")
    assert edge("pack", "--adopt", folder, "-o", tmp_path / "weather.edge").status == 0


def test_what_is_no_folder_is_not_packed(edge: Edge, plugin: Plugin, tmp_path: Path) -> None:
    folder = plugin()
    component = next(folder.glob("*.wasm"))
    package = tmp_path / "a b.edge"
    told = advice(edge("pack", folder / "manifest.toml"), "Name its folder: `edge pack {}`")
    assert edge(*told.edge(), "-o", package).status == 0
    told = advice(
        edge("pack", component),
        "`edge pack DIR --wasm {}`, where DIR contains the plugin's {}; without a manifest, "
        "`edge compile {} --target DEVICE` makes a file for `edge run`",
    )
    assert edge(*told.edge(DIR=folder), "-o", tmp_path / "again.edge").status == 0
    assert edge(*told.edge(1, DEVICE="pi-zero"), "-o", tmp_path / "compiled").status == 0
    told = advice(edge("pack", package), "This is already a package: `edge inspect {}` shows its contents")
    assert edge(*told.edge()).status == 0
    (tmp_path / "other").write_bytes(b"nothing")
    told = advice(edge("pack", tmp_path / "other"), "Name the folder with the plugin's {}: `edge pack DIR`")
    assert edge(*told.edge(DIR=folder), "-o", tmp_path / "third.edge").status == 0
