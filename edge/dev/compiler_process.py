"""Main program of the compiler process (edge.dev.compiler): one request from standard input, one reply."""

from __future__ import annotations

import json
import os
import resource
import sys
from _thread import start_new_thread
from typing import Any

from edge import _native as native
from edge import errors
from edge._native import making

MB = 1 << 20


def main() -> None:
    """Reads a request, carries it out within its limits, and writes a result or an error's status."""
    request = json.loads(sys.stdin.buffer.readline())
    # After the request, so that no text of it remains here.
    seed = bytearray(sys.stdin.buffer.read(native.SEED_BYTES) if request["do"] == "compile" else b"")
    start_new_thread(_end_with_parent, ())
    _limit(resource.RLIMIT_CORE, 0)
    _limit_cpu(request["cpu_s"])
    # Not the address space: each thread of the compiler reserves much that it never uses.
    _limit(resource.RLIMIT_DATA, request["memory_mb"] * MB)
    wasm = os.pread(request["wasm"], os.fstat(request["wasm"]).st_size, 0)
    try:
        reply = _compile(request, wasm, seed) if seed else _encode(request, wasm)
    except errors.EdgeError as error:
        reply = {"status": error.status, "message": error.message, "remedy": error.remedy}
    sys.stdout.write(json.dumps(reply))
    sys.stdout.flush()
    # Exits without waiting for the library's threads.
    os._exit(0)


def _encode(request: dict[str, Any], wasm: bytes) -> dict[str, Any]:
    encoded = making.encode_component(wasm, request["file"])
    component = memoryview(encoded.pop("wasm"))
    while component and encoded["kind"] == "module":
        component = component[os.write(request["out"], component) :]
    return encoded


def _compile(request: dict[str, Any], wasm: bytes, seed: bytearray) -> dict[str, Any]:
    facts = b'{"large_memory": true}' if request["large_memory"] else b"{}"
    return making.compile_component(wasm, request["file"], request["engine"], facts, seed, request["out"])


def _limit(what: int, amount: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    resource.setrlimit(what, (amount, amount))


def _limit_cpu(seconds: int) -> None:
    """Makes this process end with SIGXCPU at its limit, so that SIGKILL has another cause."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = seconds + 1 if hard == resource.RLIM_INFINITY else min(seconds + 1, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, most - 1), most))


def _end_with_parent() -> None:
    """Standard input ends when the parent does, however it ends."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)
