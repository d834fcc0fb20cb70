"""What ziglang has for wasm guests: a linker, and a C library for WASI."""

from __future__ import annotations

import importlib.metadata
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from cross import cache
from cross.guest_errors import BuildFailed, ToolMissing

# The parts of the C library that zig's own link takes, besides the program and a runtime for the sanitizer.
LIBC_PARTS = ("crt1-reactor.o", "libc.a", "libzigc.a", "libcompiler_rt.a")


def version() -> str:
    """Which ziglang is here."""
    try:
        return f"ziglang {importlib.metadata.version('ziglang')}"
    except importlib.metadata.PackageNotFoundError:
        remedy = f"run `{sys.executable} -m pip install ziglang`"
        raise ToolMissing(f"{sys.executable} has no ziglang: {remedy}") from None


def linker() -> Path:
    """A program that is called like rust-lld, with `-flavor wasm` first, and is wasm-ld."""

    def make(folder: Path) -> None:
        script = folder / "wasm-ld"
        script.write_text(f'#!/bin/sh\nshift 2\nexec {shlex.quote(sys.executable)} -m ziglang wasm-ld "$@"\n')
        script.chmod(0o755)

    return cache.product("wasm-ld", cache.key(version(), sys.executable), make) / "wasm-ld"


def wasi_libc() -> Path:
    """A folder with the C library for wasm32-wasi, which zig builds from source at its first use."""

    def make(folder: Path) -> None:
        print("wasi-libc: zig builds it", file=sys.stderr)
        program, linked = folder / "empty.c", folder / "empty.wasm"
        program.write_text("")
        command = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-mexec-model=reactor"]
        command += ["-v", str(program), "-o", str(linked)]
        zig = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
        parts = _parts(zig.stderr)
        missing = [name for name in LIBC_PARTS if name not in parts]
        if zig.returncode != 0 or missing:
            raise BuildFailed(f"zig made no C library for wasm32-wasi: {missing} missing\n{zig.stderr}")
        for part in parts.values():
            shutil.copy(part, folder)
        program.unlink()
        linked.unlink()

    return cache.product("wasi-libc", cache.key(version(), *LIBC_PARTS), make)


def _parts(messages: str) -> dict[str, Path]:
    """The files of LIBC_PARTS that the link command among zig's messages names."""
    for line in messages.splitlines():
        if line.startswith("wasm-ld "):
            files = [Path(word) for word in shlex.split(line)]
            return {file.name: file for file in files if file.name in LIBC_PARTS}
    return {}
