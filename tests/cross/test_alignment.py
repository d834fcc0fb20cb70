"""Words and halfwords may be unaligned on an ARM1176, everything else may not: the emulators must know.

The library is compiled so (cross/armv6-*.json). What else of it were unaligned would end the tests that
run it there, tests/cross/test_cprogram.py and tests/board, because what ends here ends there.
"""

from __future__ import annotations

import signal

import pytest

from cross import cprogram
from cross.board import Board
from cross.cache import ROOT

CANARY = ROOT / "cross" / "canary" / "unaligned.c"


@pytest.mark.parametrize("how", ["ldr", "ldrh"])
def test_words_may_be_unaligned(how: str) -> None:
    assert cprogram.run("pi-zero", cprogram.program("pi-zero", CANARY), how).returncode == 0


@pytest.mark.parametrize("how", ["ldrd", "ldm", "vldr"])
def test_an_emulator_ends_what_is_unaligned_otherwise(how: str) -> None:
    done = cprogram.run("pi-zero", cprogram.program("pi-zero", CANARY), how)
    assert done.returncode == -signal.SIGBUS


def test_the_board_ends_it_too_or_counts_it() -> None:
    with Board([cprogram.program("pi-zero", CANARY)]) as board:
        before = _fixed(board)
        assert board.run(["./unaligned", "ldr"]).exit == 0
        assert _fixed(board) == before
        assert board.run(["./unaligned", "ldrd"]).exit != 0 or _fixed(board) > before


def _fixed(board: Board) -> int:
    """How often the kernel stood in for the CPU, in programs."""
    said = board.run(["cat", "/proc/cpu/alignment"]).stdout.decode()
    counted = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
    return int(counted["User"].split()[0])
