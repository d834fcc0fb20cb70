"""Plugins to fuzz with, compiled when this process starts and signed with a key of its own."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import wasmtime

from edge import Interface, Plugin, Runtime
from edge import _native as native
from edge._native import making

SEED = bytes(making.new_key())
GUESTS = Path(__file__).parent / "guests"
ASK = "edge:fuzz/host@0.1.0"


@cache
def folder() -> Path:
    """Where this process has its files."""
    made = tempfile.TemporaryDirectory(prefix="edge-fuzz-")
    _KEPT.append(made)
    return Path(made.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@cache
def runtime() -> Runtime:
    """One that trusts these plugins, and nothing else."""
    return Runtime(trusted=[making.public_key(SEED)])


@cache
def artifact(name: str, *, seed: bytes | bytearray = SEED, engine: str = "") -> bytes:
    """One of guests/, compiled."""
    wasm = bytes(wasmtime.wat2wasm((GUESTS / f"{name}.wat").read_text()))
    path = folder() / f"{name}.made"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        making.compile_component(wasm, name, engine or native.about()["engine"], b"{}", seed, fd)
    finally:
        os.close(fd)
    return path.read_bytes()


def written(contents: bytes) -> str:
    """A file with these contents, which only its owner can change."""
    path = folder() / "fuzzed.cwasm"
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with open(fd, "wb") as file:
        file.write(contents)
    return str(path)


@cache
def plugin(name: str) -> Plugin:
    """One of guests/, loaded."""
    host = Interface(ASK, {"ask": lambda _, value: (value,)})
    return runtime().load(written(artifact(name)), interfaces=[host])
