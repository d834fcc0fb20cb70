"""Edge beside PyPI `wasmtime`: the same component and question, in processes of their own, in turn.

RATIONALE, "Why a library of our own instead of PyPI `wasmtime`".
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from cross import build, guests
from edge.dev.compile import compile_to, encode

PEERS = Path(__file__).with_name("peers")
PLUGIN = "cron-next"
QUESTION = '{"cron": "*/20 7-9 * * mon-fri", "after": "2026-01-30T09:30:00Z", "count": 2}'
PAIRS = 11

BARE = 'print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))'


class Peers:
    """One component, compiled once with each; loading and calling are timed."""

    def __init__(self, folder: Path) -> None:
        source = guests.build(PLUGIN)
        wasm = source.read_bytes()
        (folder / "component.wasm").write_bytes(encode(wasm))
        self._artifact = compile_to(str(folder), wasm, source.name, ["x86_64"])[0].path
        self._compiled = str(folder / "wasmtime.compiled")
        _python(PEERS / "with_wasmtime.py", "build", str(folder / "component.wasm"), self._compiled)

    def edge(self) -> dict[str, Any]:
        """One process with the device's library, as it runs on a PC."""
        return _measured(PEERS / "with_edge.py", self._artifact, QUESTION)

    def wasmtime(self) -> dict[str, Any]:
        """One process with PyPI `wasmtime`."""
        return _measured(PEERS / "with_wasmtime.py", "run", self._compiled, QUESTION)


def bare_kb() -> int:
    """The peak memory of the interpreter alone, in kB."""
    return int(_python("-c", BARE))


def ratios(peers: Peers) -> tuple[float, float]:
    """Edge relative to PyPI `wasmtime`: peak memory over the bare interpreter, and seconds to the first
    answer.

    Medians of pairs that ran one after the other, so that a machine with drifting speed does not bias them.
    """
    bare = bare_kb()
    pairs = [(peers.edge(), peers.wasmtime()) for _ in range(PAIRS)]
    for ours, theirs in pairs:
        assert ours["answer"] == theirs["answer"], "both must give the same answer"
    memory = [(ours["peak_kb"] - bare) / (theirs["peak_kb"] - bare) for ours, theirs in pairs]
    time = [ours["seconds"] / theirs["seconds"] for ours, theirs in pairs]
    return statistics.median(memory), statistics.median(time)


def _measured(*command: str | Path) -> dict[str, Any]:
    measured: dict[str, Any] = json.loads(_python(*command))
    return measured


def _python(*arguments: str | Path) -> str:
    # -P: modules beside the peers must not be imported instead of the real ones.
    command = [sys.executable, "-P", *map(str, arguments)]
    env = {**os.environ, "EDGE_LIBRARY": str(build.library("x86_64-linux"))}
    # As in an installation, the first process compiles the modules once.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
