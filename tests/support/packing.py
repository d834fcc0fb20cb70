"""Plugins packed as `edge pack` packs them, and packages taken apart and put together again."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge._native import making
from edge.dev.pack import pack
from edge.dev.pack_source import Source
from edge.manifest import text
from edge.package import HEAD_BYTES, MAGIC, MANIFEST

ROOT = Path(__file__).resolve().parents[2]
HEAD = struct.Struct("<8sI32s64s")
PURPOSE = b"edge package description v1\n"

assert HEAD.size == HEAD_BYTES

FOLDERS = (ROOT / "examples", ROOT / "tests" / "guests")


def manifest(name: str, changes: Mapping[str, Any]) -> str:
    """The manifest of a plugin with other fields, None for none; of `edge`, the tables that are named."""
    (path,) = (folder / name / MANIFEST for folder in FOLDERS if (folder / name / MANIFEST).is_file())
    document, _ = text.read(path.read_bytes(), str(path))
    edge = {**document.get("edge", {}), **changes.get("edge", {})}
    whole = {**document, **changes, "edge": edge}
    return "".join(f"{key} = {toml(value)}\n" for key, value in whole.items() if value is not None)


def toml(value: Any) -> str:
    """A value in one line of TOML."""
    if isinstance(value, dict):
        inner = (f"{json.dumps(key)} = {toml(item)}" for key, item in value.items() if item is not None)
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def folder(at: Path, name: str, wasm: Path, changes: Mapping[str, Any]) -> Path:
    """A folder that `edge pack` takes."""
    at.mkdir(exist_ok=True)
    (at / MANIFEST).write_text(manifest(name, changes))
    (at / f"{name}.wasm").write_bytes(wasm.read_bytes())
    return at


def packed(
    at: Path, source: Path, engines: tuple[str, ...], seed: bytes | bytearray, *, with_wasm: bool = False
) -> Path:
    """The package of such a folder, at a path."""
    fd = os.open(at, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        pack(fd, Source(str(source)), engines, seed, with_wasm=with_wasm, file=at.name)
    finally:
        os.close(fd)
    return at


def apart(contents: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The description of a package, and its files by name, in their order."""
    _, length, _, _ = HEAD.unpack(contents[:HEAD_BYTES])
    at = HEAD_BYTES + length
    description = json.loads(contents[HEAD_BYTES:at])
    files = {}
    for entry in description["files"]:
        files[entry["name"]] = contents[at : at + entry["size"]]
        at += entry["size"]
    return description, files


def spelled(description: Any) -> bytes:
    """A description as it is signed."""
    return json.dumps(description, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def head(text: bytes, seed: bytes | bytearray, *, purpose: bytes = PURPOSE) -> bytes:
    """What stands before the files: a description, whatever it says, signed."""
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(purpose + text)
    return HEAD.pack(MAGIC, len(text), making.public_key(seed), signature) + text
