"""A plugin's WebAssembly, loaded on this machine: from the cache, or compiled now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edge.dev import compiler
from edge.dev.compilation import Compilation, Say
from edge.dev.compile import describe
from edge.dev.progress import Draw
from edge.runtime import Plugin, confinement
from edge.runtime.tool_errors import refuse_toolless


def load(
    wasm: bytes,
    name: str,
    how: Callable[..., Plugin],
    *,
    check: Callable[[list[str]], None],
    say: Say,
    draw: Draw,
) -> Plugin:
    """The plugin that a component is or a core module makes, with what it reports about itself.

    `how`: loads an artifact from a descriptor; `interpret` and `receipt` are as for `Runtime`. `check`: takes
    the component's imports, and raises to prevent compilation. `say`: takes the reason why code is not
    cached. `draw`: shows progress (edge.dev.progress).
    """
    engine, interpret = confinement.engine()
    with Compilation(wasm, name, say=say, draw=draw) as compilation:
        code = compilation.find(engine)
        component: dict[str, Any] = compiler.encode(wasm, name) if code is None else code.description
        refuse_toolless(name, component["exports"])
        check(component["imports"])
        if code is None:
            code = compilation.code(component["wasm"], [engine])[engine]
        plugin = how(code.fd, interpret=interpret, receipt=code.receipt)
    plugin.describe(describe(plugin))
    return plugin
