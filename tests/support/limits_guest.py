"""The plugin of tests/guests/limits, compiled from its text for this machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import Interface, Plugin, Runtime

SOURCE = Path(__file__).parents[1] / "guests" / "limits" / "limits.wat"
HOST = "edge:limits/host@0.1.0"

HostFunction = Callable[..., tuple[Any, ...]]


@cache
def wasm(text: str) -> bytes:
    """What a component in text form assembles to."""
    wasmtime = pytest.importorskip("wasmtime", reason="assembles the plugin")
    return bytes(wasmtime.wat2wasm(text))


def load(
    ask: HostFunction = lambda _: (),
    *,
    give: HostFunction = lambda _: (b"",),
    take: HostFunction = lambda *_: (),
    stack_bytes: int = 0,
) -> Plugin:
    """The plugin, with these as the functions of its host."""
    host = Interface(HOST, {"ask": ask, "give": give, "take": take})
    return load_text(SOURCE.read_text(), host, stack_bytes=stack_bytes)


def load_text(text: str, *interfaces: Interface, stack_bytes: int = 0, interpret: bool = False) -> Plugin:
    """A component in text form."""
    from edge import _native as native
    from edge.dev.compilation import Compilation

    engine = native.about()["interpreted" if interpret else "engine"]
    component = wasm(text)
    with Compilation(component, "limits") as compilation:
        code = compilation.code(component, [engine])[engine]
        runtime = Runtime(stack_bytes=stack_bytes, interpret=interpret)
        return runtime.load_open(code.fd, "limits", interfaces=interfaces)
