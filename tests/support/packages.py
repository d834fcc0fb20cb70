"""Packages written by hand, also such as `edge pack` would refuse to make."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from edge import _native as native
from edge._native import making
from edge.dev.compile import compile_to
from edge.trust import key_file

Code = tuple[dict[str, Any], dict[str, bytes]]


@cache
def compiled(wasm: Path, engines: Sequence[str]) -> Code:
    """What is said of a plugin, and its code by engine."""
    code = {}
    description: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for artifact in compile_to(folder, wasm.read_bytes(), wasm.name, engines):
            description = dict(artifact.description)
            own = description.pop("artifact")
            code[own["engine"]] = Path(artifact.path).read_bytes()[: own["size"]]
    return description, code


def manifest_of(name: str, version: str, more: str = "") -> str:
    """The least that a manifest says, and more."""
    return f'name = "{name}"\nversion = "{version}"\ncapabilities = ["tool"]\nwasm_path = "a.wasm"\n{more}'


def package(
    wasm: Path,
    *,
    name: str,
    version: str = "1.0.0",
    release: int = 1,
    manifest: str = "",
    seed: bytes | bytearray = b"",
    engines: Sequence[str] = (),
    changes: Mapping[str, Any] | None = None,
) -> bytes:
    """A package; `manifest`: lines beyond the least, `changes`: of the description."""
    about = native.about()
    seed = seed or key_file.local_seed()
    description, code = compiled(wasm, tuple(engines or (about["engine"],)))
    contents = {"manifest.toml": manifest_of(name, version, manifest).encode()}
    contents.update((f"code.{engine}", data) for engine, data in code.items())
    files = []
    for file, data in contents.items():
        facts: dict[str, Any] = {"name": file, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        engine = file.partition(".")[2]
        if engine in code:
            facts |= {"engine": engine, "fingerprint": about["fingerprints"][engine]}
        files.append(facts)
    said = {"tools": [], **description, "name": name, "version": version, "release": release, "files": files}
    said.update(changes or {})
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return making.seal_package(text, seed) + b"".join(contents.values())
