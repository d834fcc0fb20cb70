"""From a plugin's WebAssembly to signed artifacts."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from edge import _native as native
from edge import confinement, files, keys
from edge.dev import compiler
from edge.dev.loadable import provided
from edge.dev.probe import probe
from edge.dev.progress import watch
from edge.instance import Instance
from edge.plugin import Plugin
from edge.profiles import MB, PI_ZERO, WORKSTATION
from edge.runtime import Runtime
from edge.text import is_plugin_name, word

PLUGIN_INFO = "zeroclaw:plugin/plugin-info@0.1.0#"
TOOL = "zeroclaw:plugin/tool@0.1.0#"

# Python's fcntl has them from 3.10 on. Source: linux/fcntl.h.
F_ADD_SEALS = 1033
SEALS = 0x1 | 0x2 | 0x4 | 0x8
"""Against more seals, shrinking, growing and writing."""

NO_FACTS: dict[str, Any] = {}

Say = Callable[[str], None]


class Artifact:
    """One file that was written, and its description."""

    def __init__(self, path: str, description: dict[str, Any]) -> None:
        self.path = path
        self.description = description


def compile_to(
    folder: str,
    wasm: bytes,
    file: str,
    engines: Sequence[str],
    *,
    say: Say = lambda _: None,
) -> list[Artifact]:
    """Writes NAME.ENGINE.cwasm for every engine, all of them or none; `say` takes what there is to declare.

    What the plugin says of itself goes into the signed description, so it is asked first, compiled for this
    machine. An artifact for this machine's engine is compiled once more all the same: its description is part
    of what is signed.
    """
    paths = {
        engine: os.path.join(folder, f"{PurePath(file).stem}.{engine}.cwasm")
        for engine in dict.fromkeys(engines)
    }
    for path in paths.values():
        probe(path)
    component = compiler.encode(wasm, file)
    artifacts = []
    with contextlib.ExitStack() as stack:
        seed = stack.enter_context(keys.wiped(keys.local_seed()))
        facts = _ask(component, file, seed, say)
        _warn_of_name(facts, say)
        staged = []
        for engine, path in paths.items():
            output = stack.enter_context(files.Staged(path))
            artifacts.append(
                Artifact(path, _compile(component["wasm"], file, engine, facts, seed, output.fd))
            )
            staged.append(output)
        for output in staged:
            output.commit()
    return artifacts


def _warn_of_name(facts: dict[str, Any], say: Say) -> None:
    """A lone artifact goes by the name that its plugin says: one that no scope of a key can name."""
    name = facts.get("plugin", {}).get("name")
    if name is None or is_plugin_name(name):
        return
    say(
        f"edge: the plugin calls itself {word(name)}, which is no plugin's name: only keys that are trusted "
        "for every plugin can sign its .cwasm, and `edge pack` refuses it. Names are of a-z and 0-9, and "
        "inside also . _ -"
    )


def compile_for_here(component: dict[str, Any], file: str) -> int:
    """A descriptor of an artifact for this machine, which exists in memory only; it says nothing of tools.

    `component`: what `compiler.encode` answered.
    """
    with keys.wiped(keys.local_seed()) as seed:
        fd, _ = compile_in_memory(component["wasm"], file, confinement.engine()[0], seed)
    return fd


def encode(wasm: bytes, file: str = "") -> bytes:
    """The component that a plugin is, or that its core module with component metadata makes."""
    component: bytes = compiler.encode(wasm, file)["wasm"]
    return component


def describe(plugin: Plugin, say: Say = lambda _: None, memory: float = 0) -> dict[str, Any]:
    """What a plugin says of itself: its name and version, its tools.

    `say` takes a warning where it has more memory by then than `memory`, in bytes, the default if 0.
    """
    exports = plugin.description["exports"]
    facts: dict[str, Any] = {}
    with plugin.instance(WORKSTATION.limits) as instance:
        if f"{PLUGIN_INFO}plugin-name" in exports:
            facts["plugin"] = {
                "name": instance.call(f"{PLUGIN_INFO}plugin-name"),
                "version": instance.call(f"{PLUGIN_INFO}plugin-version"),
            }
        if f"{TOOL}execute" in exports:
            facts["tools"] = [_tool(instance)]
        if facts:
            _warn_of_memory(plugin, instance.stats.memory_bytes, memory or PI_ZERO.limits.memory, say)
    return facts


def _warn_of_memory(plugin: Plugin, used: int, limit: float, say: Say) -> None:
    """Such a plugin can't even say its name where its limit is the default."""
    if used <= limit:
        return
    declared = -(-used // MB) * MB
    say(
        f"edge: {word(plugin.name)} starts with {used / MB:.1f} MB of memory, and its limit is "
        f"{limit / MB:g} MB: "
        f"declare `memory = {declared}` or more under [edge.limits] of its manifest"
    )


def _tool(instance: Instance) -> dict[str, str]:
    return {
        "name": instance.call(f"{TOOL}name"),
        "description": instance.call(f"{TOOL}description"),
        "parameters": instance.call(f"{TOOL}parameters-schema"),
    }


def in_memory() -> int:
    """A descriptor of a file without a name, from which code is mapped once it is sealed."""
    return os.memfd_create("edge-artifact", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def seal(fd: int) -> None:
    """Makes a file `in_memory` unchangeable: the library copies what can change before it maps it."""
    fcntl.fcntl(fd, F_ADD_SEALS, SEALS)


def compile_in_memory(
    wasm: bytes, file: str, engine: str, seed: bytes | bytearray
) -> tuple[int, dict[str, Any]]:
    """A descriptor of an artifact that exists in memory only, and its description, which has no tools."""
    fd = in_memory()
    try:
        description = _compile(wasm, file, engine, NO_FACTS, seed, fd)
        seal(fd)
        return fd, description
    except BaseException:
        os.close(fd)
        raise


def _ask(component: dict[str, Any], file: str, seed: bytes | bytearray, say: Say) -> dict[str, Any]:
    if not any(name.startswith((PLUGIN_INFO, TOOL)) for name in component["exports"]):
        return NO_FACTS
    engine, interpret = confinement.engine()
    fd, _ = compile_in_memory(component["wasm"], file, engine, seed)
    try:
        runtime = Runtime(trusted=[native.public_key(seed)], interpret=interpret)
        return describe(runtime.load_open(fd, file, interfaces=provided()), say)
    finally:
        os.close(fd)


def _compile(
    wasm: bytes, file: str, engine: str, facts: dict[str, Any], seed: bytes | bytearray, fd: int
) -> dict[str, Any]:
    return watch(
        f"{file}: compiling for {engine}",
        lambda: compiler.compile_component(wasm, file, engine, facts, seed, fd),
    )
