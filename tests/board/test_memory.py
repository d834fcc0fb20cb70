"""Memories of pulley32 stay in place within 16 MB; larger ones are there for who asks for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from cross.board import Board
from edge.dev.compile import compile_to

MB = 1 << 20
WISH = json.dumps({"do": "grow", "count": 900})
"""Pages of 64 kB that it asks for, one by one."""


@pytest.mark.parametrize(("memory", "least", "most"), [(0, 200, 256), (64 * MB, 900, 900)])
def test_a_memory_grows_as_far_as_it_was_compiled_for(
    board: Board, wasm: Callable[[str], Path], tmp_path: Path, memory: int, least: int, most: int
) -> None:
    component = wasm("faults").read_bytes()
    (code,) = compile_to(str(tmp_path), component, "faults.wasm", ["pulley32"], memory=memory)
    board.put(f"grow-{memory}.cwasm", Path(code.path).read_bytes())
    done = board.run(["edge", "run", "--memory", "64", f"grow-{memory}.cwasm", WISH])
    assert done.exit == 0, done.stderr
    assert least <= int(done.stdout) <= most
