"""Nothing that Edge runs on the board is unaligned where an ARM1176 can't be: the kernel counts none."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from cross.board import Board

QUESTION = '{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}'


def test_the_kernel_counts_no_access_of_edge(board: Board, artifact: Callable[..., Path]) -> None:
    tool = artifact("cron-next", "pulley32")
    board.put(tool.name, tool.read_bytes())
    before = counted(board)
    assert board.run(["edge", "run", tool.name, QUESTION]).exit == 0
    assert counted(board) == before


def counted(board: Board) -> list[str]:
    """What /proc/cpu/alignment counts, of programs and of the kernel itself."""
    said = board.run(["cat", "/proc/cpu/alignment"]).stdout.decode().splitlines()
    lines = [line for line in said if not line.startswith(("System", "User faults"))]
    assert any(line.startswith("User:") for line in lines)
    return lines
