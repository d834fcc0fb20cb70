"""The examples, everywhere: the same answer for the same work, whatever executes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from cross import build, guests, sysroot
from cross.board import Board
from edge.dev import bundle

USERLANDS = {"pi-zero": "pulley32", "pi-64": "aarch64"}
PYTHON = ("-I", "-S")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bundles are that a test has made."""
    return tmp_path_factory.mktemp("bundles")


@pytest.mark.parametrize("name", ["cron-next", "sensor-digest"])
def test_the_same_answer_for_the_same_fuel(
    name: str, board: Board, artifact: Callable[..., Path], bundles: Path
) -> None:
    case = json.loads((guests.source(name) / "cases.json").read_text())[0]
    question = json.dumps(case["arguments"])
    answers = {
        "x86_64": here(artifact(name, "x86_64"), question),
        "board": on(board, artifact(name, "pulley32"), question),
    }
    for target, engine in USERLANDS.items():
        answers[target] = emulated(bundles, target, artifact(name, engine), question)
    told = {place: (json.loads(text)["output"], json.loads(text)["fuel"]) for place, text in answers.items()}
    assert len(set(told.values())) == 1, told
    output, _ = told["board"]
    assert case["output"].items() <= json.loads(output).items()


def command(path: str, question: str) -> list[str]:
    return ["run", path, question, "--fixed", "--json"]


def here(path: Path, question: str) -> str:
    """In this Python, with the library that goes to PCs."""
    env = {**os.environ, "EDGE_LIBRARY": str(build.library("x86_64-linux"))}
    arguments = [sys.executable, "-m", "edge", *command(str(path), question)]
    return subprocess.run(arguments, check=True, env=env, stdout=subprocess.PIPE, text=True).stdout


def emulated(bundles: Path, target: str, path: Path, question: str) -> str:
    """In Debian's Python for the target's CPU, by qemu-user, with the very bundle that goes to the device."""
    unpacked = bundles / target
    if not unpacked.exists():
        archive = bundles / f"{target}.tar.gz"
        bundle.write(str(archive), target)
        unpacked.mkdir()
        subprocess.run(["tar", "-xzf", archive, "-C", unpacked], check=True)
    launch = [*PYTHON, str(unpacked / "edge" / "edge")]
    line = sysroot.command(target, [*launch, *command(str(path), question)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EDGE_"))}
    done = subprocess.run(line, check=False, env=kept, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on(board: Board, path: Path, question: str) -> str:
    """On the emulated Pi Zero, kernel and all."""
    board.put(path.name, path.read_bytes())
    done = board.run(["edge", *command(path.name, question)])
    assert done.exit == 0, done.stderr
    return done.stdout.decode()
