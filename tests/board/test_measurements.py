"""The board's figures: that they mean what they say, and repeat."""

from __future__ import annotations

from pathlib import Path

import pytest

from cross import cprogram
from cross.board import Board, Result

MB = 1024
# A bare interpreter's peak comes at another moment than a larger program's.
SLACK = 128
PYTHON = ("python3.11", "-I", "-S", "-c")
LOOP = Path(__file__).with_name("loop.c")
LOOP_MS = 10_000_000 * 2e-6


def test_it_is_a_pi_zero(board: Board) -> None:
    machine = "import os; print(os.uname().machine); print(open('/proc/device-tree/model').read())"
    assert board.run([*PYTHON, machine]).stdout.startswith(b"armv6l\nRaspberry Pi Zero\0")


def test_an_instruction_takes_two_nanoseconds(board: Board) -> None:
    board.put("loop", cprogram.program("pi-zero", LOOP).read_bytes())
    board.run(["chmod", "+x", "loop"])
    assert board.run(["./loop"]).virtual_ms == pytest.approx(LOOP_MS, rel=0.05)


def test_a_sleep_takes_its_time(board: Board) -> None:
    assert board.run(["sleep", "3"]).virtual_ms == pytest.approx(3000, rel=0.01)


def test_the_bare_interpreter_is_small(board: Board) -> None:
    assert 5 * MB < board.bare.peak_rss_kb < 7 * MB
    assert 1 * MB < board.bare.peak_anon_kb < 2 * MB


def test_memory_counts_though_it_was_given_back(board: Board) -> None:
    done = board.run([*PYTHON, f"block = bytearray({8 * MB * 1024}); del block"])
    assert done.peak_anon_kb - board.bare.peak_anon_kb == pytest.approx(8 * MB, abs=SLACK)
    assert done.peak_rss_kb - board.bare.peak_rss_kb == pytest.approx(8 * MB, abs=SLACK)


def test_a_mapped_file_is_not_anonymous(board: Board) -> None:
    board.put("large", bytes(4 * MB * 1024))
    mapped = "import mmap; f = open('large'); m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)"
    without, touched = (board.run([*PYTHON, mapped + more]) for more in ("", "; sum(m[::4096])"))
    assert (without.exit, touched.exit) == (0, 0)
    assert touched.peak_rss_kb - without.peak_rss_kb == pytest.approx(4 * MB, abs=SLACK)
    assert touched.peak_anon_kb - without.peak_anon_kb < SLACK


def test_memory_is_the_commands_own(board: Board) -> None:
    done = board.run(["sh", "-c", "python3 -c 'bytearray(20_000_000)'; exit 0"])
    assert done.peak_rss_kb < 2 * MB


def test_threads_count(board: Board) -> None:
    grow = "import _thread, time; _thread.start_new_thread(bytearray, (8 << 20,)); time.sleep(0.5)"
    done = board.run([*PYTHON, grow])
    assert done.peak_anon_kb - board.bare.peak_anon_kb > 8 * MB - SLACK


def test_modules_are_compiled_already(board: Board) -> None:
    done = board.run(["python3.11", "-I", "-S", "-v", "-c", "import json, tomllib, sqlite3, http.server"])
    assert done.exit == 0
    assert b"# code object from /" not in done.stderr


def test_runs_repeat_to_the_digit() -> None:
    assert _figures() == _figures()


def _figures() -> list[Result]:
    commands = (
        [
            *PYTHON,
            "import json; print(hash('varies from process to process'), json.dumps(list({'a', 'b', 'c'})))",
        ],
        ["sh", "-c", "dd if=/dev/urandom bs=1000 count=10 | sha256sum; date; free"],
        [*PYTHON, "for i in range(100_000): pass"],
    )
    with Board(icount=True) as board:
        return [board.bare, *(board.run(command, stdin=b"x" * 1_000_000) for command in commands)]
