"""Static C programs for a target, which the emulator runs unchanged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cross import build, cache, sysroot, targets, toolchain
from cross.recipe import NATIVE
from cross.targets import Static, UnknownTarget

# Not -Os, with which zig strips symbols.
FLAGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-static")


class CompileFailed(Exception):
    """zig failed; its own messages are above."""


def program(target: str, source: Path, *, cpu: str | None = None, with_library: bool = False) -> Path:
    """The program of one C file, for the target's CPU or another; `with_library` links Edge's library."""
    zig = toolchain.zig()
    flags = ["-target", _static(target).zig, f"-mcpu={cpu or targets.get(target).cpu}", *FLAGS]
    library = [str(build.library(target, static=True)), "-lunwind"] if with_library else []

    def make(stage: Path) -> None:
        print(f"{target}: compiling {source.name}", file=sys.stderr, flush=True)
        command = [str(zig.program), "cc", *flags, str(source), *library, "-o", str(stage / source.stem)]
        env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(cache.root() / "zig")}
        if subprocess.run(command, check=False, env=env, stdout=sys.stderr).returncode:
            raise CompileFailed(f"{source} does not compile for {target}, see above")

    made_of = cache.key(source, NATIVE / "edge.h", zig.version, *flags, *library)
    return cache.product(f"program-{target}", made_of, make) / source.stem


def run(
    target: str, file: Path, *arguments: str, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program on the target's own CPU, emulated. The result has output as text."""
    command = [*sysroot.emulator(target, _static(target).cpu), str(file), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout)


def _static(target: str) -> Static:
    row = targets.get(target).static
    if row is None:
        raise UnknownTarget(f"targets.toml has no entry for static programs for {target}")
    return row
