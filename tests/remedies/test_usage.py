"""Remedies after a command that was typed in another way than it takes, and those of the Python API."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import Runtime, errors
from edge import _native as native
from edge.interfaces.delegation import check_target
from edge.limits import PI_ZERO
from edge.sources.fetch import fetch
from tests.remedies.reading import advice
from tests.support import packages

Edge = Callable[..., Any]
Packed = Callable[..., Path]
NOTHING = '{"do": "nothing"}'


def usage(ran: Any, remedy: str) -> list[str]:
    """The first command of a usage line, without its name and what is in brackets."""
    words = remedy.partition("Usage: edge ")[2].partition(", or edge")[0].split()
    assert remedy in " ".join(ran.err.split())
    return [word for word in words if not word.startswith("[") and not word.endswith("]")]


def test_words_of_audit_that_do_not_go_together(
    edge: Edge, installed: Callable[..., Any], packed: Packed
) -> None:
    installed()
    ran = edge("audit", "--engine", packed(), "more")
    advice(ran, "Usage: edge audit --engine [FILE]")
    assert edge(*usage(ran, "Usage: edge audit --engine [FILE]")).status == 0
    ran = edge("audit", packed(), "--last", 3)
    told = advice(ran, "Usage: edge audit NAME --last N, or edge audit --log --last N")
    words = [{"NAME": "faults", "N": "3"}.get(word, word) for word in usage(ran, told.text)]
    # 1: an import of it is not granted.
    assert edge(*words).status in (0, 1)
    ran = edge("audit", "faults", "--log")
    told = advice(ran, "Usage: edge audit --log [--last N], or edge audit --verify")
    assert edge(*usage(ran, told.text)).status == 0
    assert "--verify" in edge(*advice(edge("audit"), "`edge audit --help` shows details").edge()).out


def test_a_file_of_an_installed_plugins_name(
    edge: Edge, installed: Callable[..., Any], packed: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed()
    monkeypatch.chdir(tmp_path)
    packed().rename(tmp_path / "faults")
    told = advice(edge("audit", "faults", "other"), "For a file of that name: ./{}")
    assert edge("audit", told.text.rpartition(" ")[2]).status in (0, 1)


def test_a_command_without_what_it_needs(edge: Edge, artifact: Callable[..., Path]) -> None:
    advice(edge("compile", artifact("faults")), "Usage: {}; --help shows details")
    assert "Example:" in edge("compile", "--help").out


def test_exports_that_are_not_there(edge: Edge, artifact: Callable[..., Path]) -> None:
    found = Runtime().load(str(artifact("faults")))
    with pytest.raises(errors.NoSuchExport) as caught, found.instance() as instance:
        instance.call("nothing")
    told = advice(caught.value, "`edge inspect` lists what a plugin exports")
    assert "execute" in edge(*told.edge(), artifact("faults")).out


def test_a_tool_that_is_not_there(edge: Edge, tmp_path: Path) -> None:
    from tests.support.limits_guest import wasm as assembled

    path = tmp_path / "a.wasm"
    path.write_bytes(
        assembled(
            '(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))'
            ' (func (export "f") (canon lift (core func $i "f"))))'
        )
    )
    assert edge("compile", path, "--target", native.about()["engine"], "-o", tmp_path).status == 0
    file = next(tmp_path.glob("*.cwasm"))
    with pytest.raises(errors.NoSuchTool) as caught:
        Runtime().load(str(file)).call({})
    told = advice(caught.value, "`edge inspect` lists its exports")
    assert "f" in edge(*told.edge(), file).out


def test_a_plugin_that_says_nothing_of_tools(edge: Edge, artifact: Callable[..., Path]) -> None:
    plugin = Runtime().load(str(artifact("faults")))
    plugin.describe({"tools": []})
    with pytest.raises(errors.NoSuchTool) as caught:
        plugin.call({}, tool="faults")
    told = advice(caught.value, "It offers no tool; `edge inspect` lists its exports")
    assert "execute" in edge(*told.edge(), artifact("faults")).out


def test_an_import_that_nobody_provides(edge: Edge, tmp_path: Path) -> None:
    from tests.cli.test_unloadable import importing
    from tests.support.limits_guest import wasm as assembled

    path = tmp_path / "a.wasm"
    path.write_bytes(assembled(f"(component {importing('acme:host/api', 1)})"))
    assert edge("compile", path, "--target", native.about()["engine"], "-o", tmp_path).status == 0
    file = str(next(tmp_path.glob("*.cwasm")))
    with pytest.raises(errors.MissingImport) as caught:
        Runtime().load(file)
    advice(
        caught.value,
        "Build it for a world of wit/ in Edge's repository, or provide the interface to Runtime.load",
    )


@pytest.mark.parametrize("limit", ["fuel", "deadline", "memory"])
def test_a_limit_of_a_call(edge: Edge, artifact: Callable[..., Path], limit: str) -> None:
    plugin = Runtime().load(str(artifact("faults")))
    less = {"fuel": PI_ZERO.limits.replace(fuel=10), "deadline": PI_ZERO.limits.replace(deadline=0.001)}
    grown: dict[str, Any] = {"do": "big-output", "count": 5_000_000}
    wanted: dict[str, dict[str, Any]] = {
        "memory": grown,
        "fuel": {"do": "work", "count": 1_000_000},
        "deadline": {"do": "spin"},
    }
    with pytest.raises(errors.CallFailed) as caught:
        plugin.call(wanted[limit], limits=less.get(limit, PI_ZERO.limits))
    if limit == "fuel":
        advice(caught.value, "Raise the limit (--fuel, Limits.fuel) if the plugin needs more")
        assert plugin.call({"do": "work", "count": 10}, limits=PI_ZERO.limits.replace(fuel=1 << 40)).success
    elif limit == "deadline":
        advice(caught.value, "Raise the limit (--timeout, Limits.deadline) if the plugin needs more")
        assert plugin.call({"do": "work", "count": 10}, limits=PI_ZERO.limits.replace(deadline=600.0)).success
    else:
        told = advice(
            caught.value,
            "Raise the limit if you trust the plugin with it: edge.Limits, `edge run --help`",
        )
        assert "limits:" in edge(*told.edge()).out
        assert plugin.call(grown, limits=PI_ZERO.limits.replace(crossing_bytes=8 << 20)).success


def test_a_delegation_that_is_none() -> None:
    with pytest.raises(errors.OptionsError) as caught:
        check_target("clock/*")
    advice(caught.value, "Name one tool as plugin/tool; wildcards are not allowed")
    check_target("clock/now")


def test_a_digest_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"contents")
    with pytest.raises(errors.UsageError) as caught:
        fetch(str(file), sha256="12", most_bytes=100, cache=str(tmp_path), say=print)
    words = advice(caught.value, "`sha256sum FILE` shows it").command(FILE=file)
    digest = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[0]
    os.close(fetch(str(file), sha256=digest, most_bytes=100, cache=str(tmp_path), say=print).fd)


def test_a_downgrade_that_the_library_refuses(edge: Edge, installed: Callable[..., Any]) -> None:
    installed()
    told = advice(
        errors.Downgrade("older"),
        "Get a newer release; `edge show NAME` shows the installed and the previous one",
    )
    assert edge(*told.edge(NAME="faults")).status == 0
    assert installed(release=2).status == 0


def test_a_package_that_is_none(edge: Edge, tmp_path: Path, packed: Packed) -> None:
    from edge.package import open_package

    path = tmp_path / "a.edge"
    path.write_text("nothing, but long enough to have a head of its own" * 10)
    with path.open() as file, pytest.raises(errors.NotPackage) as caught:
        open_package(file.fileno(), "a.edge", None)
    told = advice(caught.value, "Use a .edge that `edge pack` wrote; `edge inspect` shows what a file is")
    assert edge(*told.edge(1), path).status in (0, 3)
    assert "package" in edge(*told.edge(1), packed()).out


def test_an_import_that_is_not_granted(edge: Edge, artifact: Callable[..., Path], tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(packages.manifest_of("faults", "1.0.0"))
    ran = edge("run", artifact("faults"), NOTHING, "--manifest", path, "--level", "paranoid")
    told = advice(
        errors.NotGranted("x"), "`edge audit` shows what the plugin imports, declares and is granted"
    )
    shown = edge(*told.edge(), artifact("faults"), "--manifest", path)
    assert (ran.status in (0, 3), "logging" in shown.out) == (True, True)


def test_a_manifest_that_says_something_else(
    edge: Edge, artifact: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text("name = 7\n")
    advice(
        edge("run", artifact("faults"), NOTHING, "--manifest", path),
        "docs/manifest.md in Edge's repository lists every field; report problems of other people's plugins "
        "to their authors",
    )
    assert (Path(__file__).parents[2] / "docs/manifest.md").is_file()


def test_a_store_that_is_damaged(edge: Edge, installed: Callable[..., Any], packed: Packed) -> None:
    installed()
    told = advice(
        errors.StoreDamaged("x"),
        "`edge doctor` shows details; to repair it, run `edge remove NAME --forget` and install the plugin "
        "again",
    )
    assert edge(*told.edge(0), "--json").document["checks"]
    assert edge(*told.edge(1, NAME="faults")).status == 0
    assert edge("install", packed()).status == 0


def test_a_library_that_does_not_run_here(edge: Edge, tmp_path: Path) -> None:
    path = tmp_path / "said.json"
    path.write_text("nothing")
    told = advice(
        edge("audit", "--engine", path),
        "Name a libedge.so, or a file with the output of `edge --version --json`",
    )
    path.write_text(edge(*told.edge()).out)
    assert edge("audit", "--engine", path).status == 0
    path.write_bytes(b"\x7fELF" + bytes(100))
    told = advice(
        edge("audit", "--engine", path),
        "On a machine where it runs, save the output of `edge --version --json` and name that file instead",
    )
    assert json.loads(edge(*told.edge()).out)["fingerprints"]
