"""What a plugin says of itself reaches a terminal, a manifest and a script: none of them may believe it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native

wasmtime = pytest.importorskip("wasmtime", reason="the assembler is not here")

Edge = Callable[..., Any]

HERE = Path(__file__).parent


@pytest.fixture
def liar(edge: Edge, tmp_path: Path) -> Path:
    """The artifact of a tool that lies."""
    engine = native.about()["engine"]
    (tmp_path / "liar.wasm").write_bytes(wasmtime.wat2wasm((HERE / "lying_tool.wat").read_text()))
    ran = edge("compile", tmp_path / "liar.wasm", "--target", engine, "-o", tmp_path)
    assert ran.status == 0, ran.err
    assert not controls(ran.out + ran.err)
    return tmp_path / f"liar.{engine}.cwasm"


def controls(text: str) -> set[str]:
    """The characters that a terminal obeys."""
    return {character for character in text if not character.isprintable() and character != "\n"}


def test_what_it_says_of_itself_does_not_reach_the_terminal(edge: Edge, liar: Path) -> None:
    for words in (["inspect", liar], ["audit", liar], ["inspect", "--json", liar]):
        ran = edge(*words)
        assert not controls(ran.out + ran.err)
        assert "ned" in ran.out or words[0] == "audit"


def test_its_error_does_not_reach_the_terminal(edge: Edge, liar: Path) -> None:
    ran = edge("run", liar, "{}")
    assert ran.out == "{}\n"
    assert not controls(ran.err)
    assert "root" in ran.err


def test_a_success_with_an_error_is_told_as_it_is(edge: Edge, liar: Path) -> None:
    ran = edge("run", "--json", liar, "{}")
    answer = json.loads(ran.out)
    assert (ran.status, answer["success"], answer["output"]) == (0, True, "{}")
    assert "root" in answer["error"]


def test_the_name_that_was_signed_is_the_tools_name(edge: Edge, liar: Path) -> None:
    ran = edge("inspect", "--json", liar)
    (tool,) = json.loads(ran.out)["tools"]
    assert edge("run", liar, tool["name"], "{}").status == 0
    assert edge("run", liar, "owned", "{}").status == 2
