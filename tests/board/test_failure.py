"""There is no board: why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from cross.board import Board, BoardError
from cross.board.kernel import kernel
from cross.board.machine import Machine


def test_a_board_that_does_not_boot_tells_its_last_words() -> None:
    machine = Machine(kernel(), [b""], icount=True)
    try:
        with pytest.raises(BoardError, match=r"(?s)kernel panic.*No working init"):
            machine.boot(60)
    finally:
        machine.close()


def test_a_board_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without a first program the kernel panics soon, on a busy machine before anybody looks at the clock.
    monkeypatch.setattr("cross.board.machine.PANIC", b"not looked for")
    machine = Machine(kernel(), [b""], icount=True)
    try:
        with pytest.raises(BoardError, match="did not boot within 0 s"):
            machine.boot(0)
    finally:
        machine.close()


def test_no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cross.board.machine.QEMU", "qemu-system-of-nobody")
    with pytest.raises(BoardError, match="install Debian's qemu-system-arm"):
        Machine(kernel(), [b""], icount=False)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(BoardError, match="missing cannot be copied to the board: No such file"):
        Board([Path("missing")])


def test_a_bundle_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "edge.tar.gz"
    path.write_bytes(b"not an archive")
    with pytest.raises(BoardError, match="cannot be unpacked"):
        Board(bundle=path)
