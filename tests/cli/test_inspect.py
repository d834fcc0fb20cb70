from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from edge import errors, trust
from edge.policy import change
from edge.trust import key_file

Edge = Callable[..., Any]
EMPTY_MODULE = b"\0asm\1\0\0\0"


def test_an_artifact_tells_all_about_itself(edge: Edge, artifact: Callable[..., Path]) -> None:
    path = artifact("cron-next", "pulley32")
    ran = edge("inspect", path)
    assert ran.status == 0
    for expected in (
        "artifact",
        "cron-next 1.0.0",
        "pulley32, fingerprint ",
        "does not run here",
        "wasmtime 48.",
        "sha256 ",
        "trusted here (this machine)",
        "[logging] zeroclaw:plugin/logging@0.1.0: log-record",
        "zeroclaw:plugin/tool@0.1.0: name, description, parameters-schema, execute",
        'cron_next: "Tells at which times',
    ):
        assert expected in ran.out
    found = edge("inspect", path, "--json").document
    assert (found["kind"], found["problem"], found["size"]) == ("artifact", None, path.stat().st_size)
    assert (found["trusted"], found["runs_here"]) == (True, False)
    assert json.loads(found["tools"][0]["parameters"])


def test_an_artifact_for_this_machine_runs_here(edge: Edge, artifact: Callable[..., Path]) -> None:
    assert edge("inspect", artifact("cron-next"), "--json").document["runs_here"] is True


def test_an_artifact_of_somebody_else_is_told_as_such(
    edge: Edge, artifact: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = artifact("cron-next")
    monkeypatch.setenv("HOME", str(tmp_path))
    ran = edge("inspect", path)
    assert ran.status == 0
    assert "not trusted here" in ran.out


@pytest.mark.parametrize(
    ("name", "kind"), [("cron-next", "core module with component metadata"), ("sensor-digest", "component")]
)
def test_a_plugin_shows_imports_and_exports(
    edge: Edge, wasm: Callable[[str], Path], name: str, kind: str
) -> None:
    found = edge("inspect", wasm(name), "--json").document
    assert (found["kind"], found["problem"]) == (kind, None)
    assert "zeroclaw:plugin/logging@0.1.0#log-record" in found["imports"]
    assert "zeroclaw:plugin/tool@0.1.0#execute" in found["exports"]
    assert found["needs"]["logging"] == ["zeroclaw:plugin/logging@0.1.0"]


@pytest.mark.parametrize(
    ("contents", "kind", "problem"),
    [
        (b"", "neither WebAssembly nor an artifact", "the file is empty"),
        (b"#!/bin/sh\n", "neither WebAssembly nor an artifact", "trailer"),
        (EMPTY_MODULE, "core module", "without component metadata"),
        (EMPTY_MODULE + b"\xff", "damaged WebAssembly", "damaged"),
        (b"\0asm", "damaged WebAssembly", ""),
    ],
)
def test_what_edge_can_not_use_is_told_and_refused(
    edge: Edge, tmp_path: Path, contents: bytes, kind: str, problem: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(contents)
    ran = edge("inspect", path, "--json")
    assert (ran.status, ran.document["kind"]) == (3, kind)
    assert problem in ran.document["problem"]


def test_a_damaged_artifact_is_told_as_such(
    edge: Edge, artifact: Callable[..., Path], tmp_path: Path
) -> None:
    contents = bytearray(artifact("cron-next").read_bytes())
    contents[len(contents) // 3] ^= 1
    path = tmp_path / "file.cwasm"
    path.write_bytes(contents)
    ran = edge("inspect", path)
    assert ran.status == 3
    assert "damaged artifact" in ran.out
    assert "digest" in ran.out


def test_a_package_tells_all_about_itself(edge: Edge, package: Callable[..., Path]) -> None:
    path = package("cron-next", engines=("pulley32", native.about()["engine"]))
    ran = edge("inspect", path)
    assert (ran.status, ran.err) == (0, "")
    for expected in (
        "kind       package",
        "cron-next 1.0.0, release 1000000",
        "trusted here (this machine)",
        "wasmtime 48.",
        "manifest.toml",
        "does not run here",
        ", runs here",
        "permits    config_read",
        "requests   limits memory 2097152",
        "risk       cron_next: low",
        "[logging] zeroclaw:plugin/logging@0.1.0: log-record",
        'cron_next: "Tells at which times',
    ):
        assert expected in ran.out
    found = edge("inspect", path, "--json").document
    assert (found["kind"], found["problem"], found["size"]) == ("package", None, path.stat().st_size)
    assert (found["name"], found["version"], found["release"]) == ("cron-next", "1.0.0", 1_000_000)
    assert (found["trusted"], found["refused"], found["signer_name"]) == (True, None, "this machine")
    assert [entry.get("runs_here") for entry in found["files"]] == [None, False, True]
    assert found["manifest"]["capabilities"] == ["tool"]
    assert found["manifest"]["check"] is True
    assert found["needs"] == {"logging": ["zeroclaw:plugin/logging@0.1.0"]}


def test_whether_a_signer_counts_depends_on_the_level(
    edge: Edge,
    package: Callable[..., Path],
    artifact: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    paths = (package("cron-next"), artifact("cron-next"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    change.set_level("strict", "cron-next")
    for path in paths:
        assert "the operator did not add" in edge("inspect", path).out
        found = edge("inspect", path, "--json").document
        assert (found["trusted"], found["level_here"]) == (False, "strict")


def test_a_package_that_is_not_taken_here_says_why(
    edge: Edge, package: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = package("cron-next")
    public = key_file.local_public()
    assert public is not None
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "refused here: it is signed by key" in edge("inspect", path).out
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "trusted.keys").write_text(trust.line(public, "office", ["weather"]))
    ran = edge("inspect", path, "--json")
    assert (ran.status, ran.document["trusted"], ran.document["signer_name"]) == (0, False, "office")
    assert "not trusted to sign `cron-next`" in ran.document["refused"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (11, "it does not begin with the head"),
        (50, "signature"),
        (-100_000, "code."),
        (-1, "plugin.wasm does not have the digest"),
    ],
)
def test_a_damaged_package_is_told_as_such(
    edge: Edge, package: Callable[..., Path], tmp_path: Path, place: int, message: str
) -> None:
    contents = bytearray(package("cron-next", with_wasm=True).read_bytes())
    contents[place] ^= 0xFF
    path = tmp_path / "a.edge"
    path.write_bytes(contents)
    ran = edge("inspect", path)
    assert ran.status == 3
    assert "kind       damaged package" in ran.out
    assert message in ran.out
    assert edge("inspect", path, "--json").document["kind"] == "damaged package"


INSTANCES = "(core instance (instantiate $m))" * 65
CASES = " ".join(f'"c{at}"' for at in range(257))


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        (f"(component (core module $m) {INSTANCES})", "more than 64 core instances: 65 or more"),
        ("(component" * 65 + ")" * 65, "nested more than 64 deep"),
        (f'(component (type $e (enum {CASES})) (import "e" (type (eq $e))))', "more than 256 cases: 257"),
    ],
)
def test_what_is_too_complex_is_not_damaged(edge: Edge, tmp_path: Path, text: str, counts: str) -> None:
    wasmtime = pytest.importorskip("wasmtime", reason="the assembler is not here")
    path = tmp_path / "file.wasm"
    path.write_bytes(wasmtime.wat2wasm(text))
    for words in (("inspect", path, "--json"), ("compile", path, "--target", "pi-zero", "--json")):
        ran = edge(*words)
        problem = ran.document.get("problem") or ran.document["error"]["message"]
        assert (ran.status, counts in problem) == (3, True), problem
    found = edge("inspect", path, "--json").document
    assert (found["kind"], found["remedy"]) == ("too complex component", errors.TooComplex.advice)
