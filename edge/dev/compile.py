"""From a plugin's WebAssembly to signed artifacts.

RATIONALE, "Why the trailer".
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from threading import get_ident, main_thread
from typing import Any

from edge.contract import PLUGIN_INFO, TOOL
from edge.dev import compiler
from edge.dev.compilation import Compilation, Say
from edge.dev.loadable import provided
from edge.dev.probe import probe
from edge.dev.progress import Draw
from edge.files.staged import Staged
from edge.limits import MB, PI_ZERO, WORKSTATION
from edge.runtime import Plugin, Runtime, confinement
from edge.runtime.call import Instance
from edge.text import is_plugin_name, word

NO_FACTS: dict[str, Any] = {}
STOPS = (signal.SIGINT, signal.SIGTERM)


class Artifact:
    """One written file and its description."""

    def __init__(self, path: str, description: dict[str, Any]) -> None:
        self.path = path
        self.description = description


def compile_to(
    folder: str,
    wasm: bytes,
    file: str,
    engines: Sequence[str],
    *,
    memory: int = 0,
    say: Say = lambda _: None,
    draw: Draw | None = None,
) -> list[Artifact]:
    """Writes NAME.ENGINE.cwasm for every engine, all of them or none.

    `say` takes warnings, `draw` shows progress (edge.dev.progress).

    `memory`: bytes that calls may be granted, where it is more than 16 MB (`Compilation`).

    The description contains what the plugin reports about itself, so it is compiled for this machine and
    queried first.
    """
    paths = {
        engine: os.path.join(folder, f"{PurePath(file).stem}.{engine}.cwasm")
        for engine in dict.fromkeys(engines)
    }
    for path in paths.values():
        probe(path)
    component = compiler.encode(wasm, file)
    artifacts = []
    with (
        Compilation(wasm, file, memory=memory, say=say, draw=draw) as compilation,
        contextlib.ExitStack() as stack,
    ):
        staged = {engine: stack.enter_context(Staged(path)) for engine, path in paths.items()}
        facts = _ask(component, file, compilation, say)
        _warn_of_name(facts, say)
        code = compilation.code(component["wasm"], paths)
        for engine, path in paths.items():
            description = code[engine].write(path, staged[engine].fd, facts, compilation.seed)
            artifacts.append(Artifact(path, description))
        with _uninterrupted():
            for output in staged.values():
                output.commit()
    return artifacts


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Defers Ctrl-C and termination signals until the end of a `with`.

    With handlers: a mask applies to one thread, and another thread would take the signal.
    """
    if get_ident() != main_thread().ident:
        yield
        return
    waiting: list[int] = []

    def wait(number: int, _: object) -> None:
        waiting.append(number)

    before = {number: signal.signal(number, wait) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for sent in waiting:
            signal.raise_signal(sent)


def _warn_of_name(facts: dict[str, Any], say: Say) -> None:
    """A lone artifact has the name that its plugin reports; no scope of a key can contain an invalid one."""
    name = facts.get("plugin", {}).get("name")
    if name is None or is_plugin_name(name):
        return
    say(
        f"edge: the plugin reports the name {word(name)}, which is not a valid plugin name: only keys "
        "trusted for every plugin can sign its .cwasm, and `edge pack` refuses it. Plugin names consist of "
        "a-z and 0-9, with . _ - allowed inside"
    )


def encode(wasm: bytes, file: str = "") -> bytes:
    """The component that the file is, or that its core module with component metadata makes."""
    component: bytes = compiler.encode(wasm, file)["wasm"]
    return component


def describe(plugin: Plugin, say: Say = lambda _: None, memory: float = 0) -> dict[str, Any]:
    """What a plugin reports about itself: name, version and tools.

    `say` takes a warning if it already uses more than `memory` bytes, the default if 0.
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
    """Such a plugin cannot even report its name under the default limit."""
    if used <= limit:
        return
    declared = -(-used // MB) * MB
    say(
        f"edge: {word(plugin.name)} starts with {used / MB:.1f} MB of memory, but its limit is "
        f"{limit / MB:g} MB: declare `memory = {declared}` or more under [edge.limits] of its manifest"
    )


def _tool(instance: Instance) -> dict[str, str]:
    return {
        "name": instance.call(f"{TOOL}name"),
        "description": instance.call(f"{TOOL}description"),
        "parameters": instance.call(f"{TOOL}parameters-schema"),
    }


def _ask(component: dict[str, Any], file: str, compilation: Compilation, say: Say) -> dict[str, Any]:
    if not any(name.startswith((PLUGIN_INFO, TOOL)) for name in component["exports"]):
        return NO_FACTS
    engine, interpret = confinement.engine()
    code = compilation.code(component["wasm"], [engine])[engine]
    runtime = Runtime(trusted=[compilation.public], interpret=interpret)
    return describe(runtime.load_open(code.fd, file, interfaces=provided()), say)
