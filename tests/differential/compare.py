"""The same generated components on every engine: what each of them answers, and where they differ."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from edge import _native as native
from edge import errors
from edge._native import making
from tests.differential import generate

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ANSWERS = HERE / "answers.py"
SECONDS = 3600
BOARD_MODULES = "/opt/edge/lib:/usr/lib/python3/dist-packages"

STACK = "call stack exhausted"
"""How deep a stack reaches is up to the engine; what else happens is not."""

UNTRUSTED = bytes(32)

Answers = Mapping[str, list[Any]]


def components(numbers: Iterable[int]) -> dict[str, bytes]:
    """Generated components by name, without those that the engine profile refuses."""
    found = {}
    for number in numbers:
        wasm = generate.component(number)
        if wasm and _is_taken(wasm):
            found[str(number)] = wasm
    return found


def _is_taken(wasm: bytes) -> bool:
    try:
        with open(os.devnull, "wb") as nowhere:
            making.compile_component(wasm, "", native.about()["engine"], b"{}", UNTRUSTED, nowhere.fileno())
    except errors.InvalidWasm:
        return False
    return True


def native_answers(wasms: Mapping[str, bytes]) -> Answers:
    """What this CPU's own code answers."""
    with _artifacts(wasms, native.about()["engine"], {}) as folder:
        return _here(folder)


def interpreter_answers(wasms: Mapping[str, bytes]) -> Answers:
    """What the interpreter answers on this CPU."""
    with _artifacts(wasms, native.about()["interpreted"], {"interpret": True}) as folder:
        return _here(folder)


def board_answers(wasms: Mapping[str, bytes]) -> Answers:
    """What the emulated Pi Zero answers, in one boot."""
    from cross.board import Board
    from edge.dev import bundle

    with _artifacts(wasms, "pulley32", {}) as folder:
        archive = folder.parent / "edge.tar.gz"
        bundle.write(str(archive), "board")
        with Board([folder, ANSWERS], bundle=archive, icount=True) as board:
            command = ["python3.11", "-I", "-S", ANSWERS.name, folder.name, BOARD_MODULES]
            done = board.run(command, timeout=SECONDS)
    return _parsed(done.stdout.decode(), done.exit, done.stderr.decode(errors="replace"))


def differences(left: Answers, right: Answers) -> list[str]:
    """Where two engines do not agree."""
    found = [f"{name}: only one of the engines knows it" for name in left.keys() ^ right.keys()]
    for name in left.keys() & right.keys():
        for one, other in zip_longest(map(_portable, left[name]), map(_portable, right[name])):
            if STACK in f"{one} {other}":
                break
            if one != other:
                found.append(f"{name}: {one} and {other}")
                break
    return found


def _portable(answer: list[Any]) -> list[Any]:
    """An answer without the size of what was refused, which saturates where pointers have 32 bits."""
    end, said, *costs = answer
    return [end, [re.sub(r"wanted \d+ bytes", "wanted too many bytes", str(part)) for part in said], *costs]


@contextmanager
def _artifacts(wasms: Mapping[str, bytes], engine: str, runtime: Mapping[str, bool]) -> Iterator[Path]:
    seed = making.new_key()
    plan = {"key": making.public_key(seed).hex(), "runtime": runtime, "names": sorted(wasms)}
    with tempfile.TemporaryDirectory(prefix="edge-differential-") as scratch:
        folder = Path(scratch) / "generated"
        folder.mkdir()
        (folder / "plan.json").write_text(json.dumps(plan))
        for name, wasm in wasms.items():
            fd = os.open(folder / f"{name}.cwasm", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                making.compile_component(wasm, name, engine, b"{}", seed, fd)
            finally:
                os.close(fd)
        yield folder


def _here(folder: Path) -> Answers:
    command = [sys.executable, str(ANSWERS), str(folder), str(ROOT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
    return _parsed(done.stdout, done.returncode, done.stderr)


def _parsed(stdout: str, status: int, stderr: str) -> Answers:
    if status:
        raise RuntimeError(f"the process ended with status {status} after {stdout[-300:]}: {stderr[-1000:]}")
    return dict(json.loads(line) for line in stdout.splitlines())
