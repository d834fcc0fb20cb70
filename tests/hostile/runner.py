"""Carries out the zoo's attacks, in a process of their own here or on the emulated Pi Zero."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge import _native as native
from tests.hostile import zoo
from tests.hostile.zoo import ATTACK, Attack

ROOT = zoo.HERE.parent.parent
SECONDS = 900
BOARD_MODULES = "/opt/edge/lib:/usr/lib/python3/dist-packages"
BOARD_ENGINE = "pulley32"

Reports = dict[str, Any]


def here(chosen: Sequence[Attack], *, interpret: bool = False) -> Reports:
    """Reports by the attacks' names, from this machine: by its own code, or by the interpreter."""
    engine = native.about()["interpreted" if interpret else "engine"]
    with tempfile.TemporaryDirectory(prefix="edge-zoo-") as folder:
        refused = zoo.prepare(Path(folder), chosen, engine, interpret=interpret)
        command = [sys.executable, str(ATTACK), folder, str(ROOT)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
    return {**refused, **reports(done.stdout, done.returncode, done.stderr)}


def on_board(chosen: Sequence[Attack]) -> Reports:
    """The same from the emulated Pi Zero, in one boot."""
    from cross.board import Board
    from edge.dev import bundle

    with tempfile.TemporaryDirectory(prefix="edge-zoo-") as folder:
        archive = Path(folder) / "edge.tar.gz"
        bundle.write(str(archive), "board")
        plugins = Path(folder) / "zoo"
        plugins.mkdir()
        refused = zoo.prepare(plugins, chosen, BOARD_ENGINE, interpret=False)
        with Board([plugins, ATTACK], bundle=archive, icount=True) as board:
            command = ["python3.11", "-I", "-S", ATTACK.name, plugins.name, BOARD_MODULES]
            done = board.run(command, timeout=SECONDS)
    return {**refused, **reports(done.stdout.decode(), done.exit, done.stderr.decode(errors="replace"))}


def reports(stdout: str, status: int, stderr: str) -> Reports:
    """What attack.py told, and of which attack its process died."""
    found: Reports = {}
    under_way = ""
    for line in stdout.splitlines():
        facts = json.loads(line)
        under_way = facts["attack"]
        if "report" in facts:
            found[under_way] = facts["report"]
    if status:
        why = f"the process ended with status {status}: {stderr[-500:]}"
        found[under_way] = {"ends": "Crash", "message": why}
    return found
