"""Figures of the emulated Pi Zero, where time is a function of the instructions executed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from cross import guests
from cross.board.board import Board
from cross.board.result import Result
from edge import _native as native
from edge.dev import bundle
from edge.dev.compile import compile_to
from edge.dev.pack import pack
from edge.dev.pack_source import Source
from edge.trust import key_file

HERE = Path(__file__).parent
RUST_TOOL, PYTHON_TOOL = "cron-next", "sensor-digest"
ENGINE = "pulley32"
KB_PER_MB = 1024
BARE = ("python3.11", "-I", "-S")


def figures() -> dict[str, float]:
    """Every board figure by its name in budgets.toml, from one boot."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "edge.tar.gz"
        bundle.write(str(archive), "board")
        names = (RUST_TOOL, PYTHON_TOOL, "types", "coremark")
        artifacts = {name: _compiled(name, folder) for name in names}
        packages = [_packed(name, folder) for name in (RUST_TOOL, PYTHON_TOOL)]
        files = [*artifacts.values(), *packages, HERE / "on_board.py"]
        with Board(files, bundle=archive, icount=True) as board:
            return {**_tools(board), **_installed(board), **_calls(board, artifacts["types"])}


def _tools(board: Board) -> dict[str, float]:
    rust, python = (_run(board, name) for name in (RUST_TOOL, PYTHON_TOOL))
    anonymous = python.peak_anon_kb - board.bare.peak_anon_kb
    return {
        "Rust tool, peak memory": rust.peak_rss_kb / KB_PER_MB,
        "Rust tool, start to exit": rust.virtual_ms,
        "Python tool, peak memory": python.peak_rss_kb / KB_PER_MB,
        "Python tool, anonymous memory over bare Python": anonymous / KB_PER_MB,
        "Python tool, start to exit": python.virtual_ms,
    }


def _installed(board: Board) -> dict[str, float]:
    """The waiting times of an operator: an installation, and calls of an installed plugin."""
    installed = _succeed(board.run(["edge", "install", f"{RUST_TOOL}.edge", "--yes"]))
    _succeed(board.run(["edge", "install", f"{PYTHON_TOOL}.edge", "--yes"]))
    rust, python = (
        _succeed(board.run(["edge", "call", name, question(name)])) for name in (RUST_TOOL, PYTHON_TOOL)
    )
    return {
        "Rust tool, installation": installed.virtual_ms,
        "Rust tool installed, peak memory": rust.peak_rss_kb / KB_PER_MB,
        "Rust tool installed, start to exit": rust.virtual_ms,
        "Python tool installed, peak memory": python.peak_rss_kb / KB_PER_MB,
        "Python tool installed, start to exit": python.virtual_ms,
    }


def _calls(board: Board, types: Path) -> dict[str, float]:
    with types.open("rb") as file:
        imports = ",".join(native.describe_artifact(file.fileno())[0]["imports"])
    tool = (f"{RUST_TOOL}.{ENGINE}.cwasm", question(RUST_TOOL))
    command = [*BARE, "on_board.py", *tool, types.name, imports, f"coremark.{ENGINE}.cwasm"]
    calls: dict[str, float] = json.loads(_succeed(board.run(command)).stdout)
    return calls


def question(name: str) -> str:
    """The first question of an example's cases."""
    cases = json.loads((guests.source(name) / "cases.json").read_text())
    return json.dumps(cases[0]["arguments"])


def _compiled(name: str, folder: str) -> Path:
    source = guests.build(name)
    return Path(compile_to(folder, source.read_bytes(), source.name, [ENGINE])[0].path)


def _packed(name: str, folder: str) -> Path:
    path = Path(folder) / f"{name}.edge"
    with path.open("xb+") as file:
        source = Source(str(guests.source(name)), str(guests.build(name)))
        pack(file.fileno(), source, [ENGINE], key_file.local_seed(), file=path.name)
    return path


def _run(board: Board, name: str) -> Result:
    return _succeed(board.run(["edge", "run", f"{name}.{ENGINE}.cwasm", question(name)]))


def _succeed(result: Result) -> Result:
    if result.exit:
        raise RuntimeError(f"exit {result.exit} on the board: {result.stderr.decode(errors='replace')}")
    return result
