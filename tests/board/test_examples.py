"""The examples, everywhere, by the archive that goes there: the same answer for the same work."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Callable

import pytest

from cross import guests, sysroot
from cross.board import Board
from edge.dev import bundle

ENGINES = {"x86_64-linux": "x86_64", "pi-zero": "pulley32", "pi-64": "aarch64"}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """The `edge` of a target's archive, unpacked here, and what has to be said for it to find its Python."""

    @cache
    def unpacked(target: str) -> list[str]:
        folder = tmp_path_factory.mktemp(target)
        bundle.write(str(folder / "edge.tar.gz"), target)
        subprocess.run(["tar", "-xzf", "edge.tar.gz"], cwd=folder, check=True)
        python = folder / "python"
        command = [sys.executable] if target == "x86_64-linux" else sysroot.command(target, [])
        python.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        python.chmod(0o755)
        return ["env", f"EDGE_PYTHON={python}", str(folder / "edge" / "edge")]

    return unpacked


@pytest.mark.parametrize("name", ["cron-next", "sensor-digest"])
def test_the_same_answer_for_the_same_fuel(
    name: str, board: Board, artifact: Callable[..., Path], edge: Callable[[str], list[str]]
) -> None:
    case = json.loads((guests.source(name) / "cases.json").read_text())[0]
    question = json.dumps(case["arguments"])
    answers = {"board": on(board, artifact(name, "pulley32"), question)}
    for target, engine in ENGINES.items():
        answers[target] = here(edge(target), artifact(name, engine), question)
    told = {place: (json.loads(text)["output"], json.loads(text)["fuel"]) for place, text in answers.items()}
    assert len(set(told.values())) == 1, told
    output, _ = told["board"]
    assert case["output"].items() <= json.loads(output).items()


def command(path: str, question: str) -> list[str]:
    return ["run", path, question, "--fixed", "--json"]


def here(edge: list[str], path: Path, question: str) -> str:
    """On this machine, for other CPUs by qemu-user."""
    env = {name: value for name, value in os.environ.items() if name != "EDGE_LIBRARY"}
    line = [*edge, *command(str(path), question)]
    done = subprocess.run(line, check=False, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on(board: Board, path: Path, question: str) -> str:
    """On the emulated Pi Zero, kernel and all."""
    board.put(path.name, path.read_bytes())
    done = board.run(["edge", *command(path.name, question)])
    assert done.exit == 0, done.stderr
    return done.stdout.decode()
