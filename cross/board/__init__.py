"""The emulated Pi Zero: QEMU's raspi0 with Debian's kernel for it and a userland of Debian's armel packages.

with Board(bundle=Path("edge-board.tar.gz"), icount=True) as board:
    board.put("sensor.cwasm", artifact)
    print(board.run(["edge", "run", "sensor.cwasm", "{}"]).stdout)
"""

from cross.board.board import Board
from cross.board.errors import BoardError
from cross.board.result import Result

__all__ = ["Board", "BoardError", "Result"]
