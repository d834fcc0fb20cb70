"""zig's parts for wasm guests: a linker, and a C library for WASI."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from cross import cache, toolchain
from cross.guests.errors import BuildFailed

# The parts of the C library that zig links, besides the program and a runtime for the sanitizer.
LIBC_PARTS = ("crt1-reactor.o", "libc.a", "libzigc.a", "libcompiler_rt.a")


def linker(folder: Path) -> Path:
    """Writes a program to `folder` that is wasm-ld, called like rust-lld with `-flavor wasm` first."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "wasm-ld"
    zig = shlex.quote(str(toolchain.zig().program))
    script.write_text(f'#!/bin/sh\nshift 2\nexec {zig} wasm-ld "$@"\n')
    script.chmod(0o755)
    return script


def wasi_libc() -> Path:
    """A folder with the C library for wasm32-wasi, which zig builds from source on first use."""

    def make(folder: Path) -> None:
        print("wasi-libc: zig builds it", file=sys.stderr)
        program, linked = folder / "empty.c", folder / "empty.wasm"
        program.write_text("")
        command = [str(zig.program), "cc", "-target", "wasm32-wasi", "-mexec-model=reactor", "-v"]
        command += [str(program), "-o", str(linked)]
        done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
        parts = _parts(done.stderr)
        missing = [name for name in LIBC_PARTS if name not in parts]
        if done.returncode != 0 or missing:
            raise BuildFailed(f"zig made no C library for wasm32-wasi: {missing} missing\n{done.stderr}")
        for part in parts.values():
            shutil.copy(part, folder)
        program.unlink()
        linked.unlink()

    zig = toolchain.zig()
    return cache.product("wasi-libc", cache.key(zig.version, *LIBC_PARTS), make)


def _parts(messages: str) -> dict[str, Path]:
    """The files of LIBC_PARTS in the link command among zig's messages."""
    for line in messages.splitlines():
        if line.startswith("wasm-ld "):
            files = [Path(word) for word in shlex.split(line)]
            return {file.name: file for file in files if file.name in LIBC_PARTS}
    return {}
