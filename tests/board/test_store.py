"""Packages on the board: installed, called, upgraded, gone back from, and changed in five hundred ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from cross.board import Board
from tests.support import packages

HERE = Path(__file__).parent
MUTATIONS = 500
PYTHON = ("python3.11", "-I", "-S")


@pytest.fixture(scope="module")
def packed(wasm: Callable[[str], Path]) -> Callable[[int], bytes]:
    """A release for the board."""
    return lambda release: packages.package(
        wasm("faults"), name="faults", release=release, engines=("pulley32",)
    )


def edge(board: Board, *words: str) -> Any:
    """The document that a command answers with."""
    done = board.run(["edge", *words, "--json"])
    assert done.exit == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_the_life_of_a_plugin(board: Board, packed: Callable[[int], bytes]) -> None:
    for release in (1, 2):
        board.put(f"{release}.edge", packed(release))
    first = edge(board, "install", "1.edge")
    assert (first["change"], first["enabled"]) == ("installed", True)
    assert edge(board, "call", "faults", '{"do": "nothing"}')["success"]
    assert edge(board, "install", "2.edge")["previous"] == first["id"]
    assert board.run(["edge", "install", "1.edge"]).exit == 3
    assert edge(board, "rollback", "faults")["id"] == first["id"]
    assert edge(board, "call", "faults", '{"do": "nothing"}')["success"]
    assert board.run(["edge", "call", "faults", '{"do": "trap"}']).exit == 4
    assert edge(board, "call", "faults", '{"do": "nothing"}')["success"]
    checked = board.run(["edge", "doctor"])
    assert checked.exit == 0, checked.stdout.decode()
    assert b"fail" not in checked.stdout
    edge(board, "remove", "faults")
    assert board.run(["edge", "call", "faults", "{}"]).exit == 2


def test_changed_packages_are_refused_by_this_cpu_too(board: Board, packed: Callable[[int], bytes]) -> None:
    board.put("changed.edge", packed(3))
    board.put("mutate.py", (HERE / "mutate.py").read_bytes())
    done = board.run([*PYTHON, "mutate.py", "changed.edge", str(MUTATIONS)], timeout=600)
    assert done.exit == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert "taken" not in found
    assert sum(found.values()) >= MUTATIONS
    assert {"BadSignature", "NotPackage", "Damaged", "Untrusted"} <= set(found)
