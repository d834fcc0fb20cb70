"""The board's first process, compiled from C."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cross import cache, targets, toolchain
from cross.board.errors import BoardError

SOURCES = Path(__file__).with_name("init")
NAME = "init"


def init() -> Path:
    """The program, built unless it is cached."""
    zig = toolchain.zig()
    pi_zero = targets.get("pi-zero")
    assert pi_zero.static
    flags = [
        "-target",
        pi_zero.static.zig,
        f"-mcpu={pi_zero.cpu}",
        "-Os",
        "-s",
        "-static",
        "-Wall",
        "-Wextra",
        "-Werror",
    ]
    made_of = cache.key(SOURCES, zig.version, *flags)
    return cache.product("board-init", made_of, lambda stage: _build(zig.program, flags, stage)) / NAME


def _build(zig: Path, flags: list[str], stage: Path) -> None:
    sources = [str(source) for source in sorted(SOURCES.glob("*.c"))]
    command = [str(zig), "cc", *flags, "-o", str(stage / NAME), *sources]
    env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(cache.root() / "zig")}
    if subprocess.run(command, check=False, env=env).returncode:
        raise BoardError("the board's first process does not compile, see zig's messages above")
