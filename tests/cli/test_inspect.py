from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

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
        "not this machine's",
        "wasmtime 48.",
        "sha256 ",
        "trusted here (this machine)",
        "[logging] zeroclaw:plugin/logging@0.1.0: log-record",
        "zeroclaw:plugin/tool@0.1.0: name, description, parameters-schema, execute",
        "cron_next: Tells at which times",
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
        (b"", "neither WebAssembly nor an artifact", "trailer"),
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
