"""The bundle that the board's `edge` comes from, as an operator would install it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cross import cache
from cross.board.errors import BoardError


def make(folder: Path) -> Path:
    """The bundle of `edge bundle --target board`, in `folder`."""
    bundle = folder / "edge-board.tar.gz"
    command = [sys.executable, "-m", "edge", "bundle", "--target", "board", "--output", str(bundle)]
    if subprocess.run(command, cwd=cache.ROOT, check=False, stdout=subprocess.DEVNULL).returncode:
        raise BoardError("no bundle to install on the board, see the message above; `make build` may help")
    return bundle
