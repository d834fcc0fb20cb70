"""The way of one command through Edge's files: which files it runs through, and how many moves between them.

    python -m tests.journey call
    python -m tests.journey install

A move is a call of a function in another file of `edge/` than the one that calls it, whatever stands between
them that is not ours (an import, `map`); a generator that is resumed is called. All of `edge/` counts,
`edge/_native/` as well. A module's body is importing, with what it runs of its own file (classes,
comprehensions): which modules a call imports is held by tests/test_imports.py. What a body calls elsewhere
counts as a file, though not as a move.

RATIONALE.md, "Why a command's way through the files is counted".

Each command runs in a process and on a machine of its own, as an operator's does: HOME is set, XDG_DATA_HOME
and XDG_CONFIG_HOME are not, standard streams are pipes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = f"{ROOT / 'edge'}/"
BODY = "<module>"
PLUGIN = "cron-next"
QUESTION = json.dumps({"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"})
SHARED_MEMORY = "/dev/shm"
LARGEST = 25


class Journey:
    """What a command ran through.

    files  paths below `edge/`, in order
    pairs  moves by (from, to), the largest first
    moves  all of them
    """

    def __init__(self, files: list[str], pairs: list[tuple[str, str, int]]) -> None:
        self.files = sorted(files)
        self.pairs = sorted(pairs, key=lambda pair: -pair[2])
        self.moves = sum(count for _, _, count in pairs)

    def __str__(self) -> str:
        """The figures, the files and the largest pairs."""
        pairs = [f"{count:5} {here} -> {there}" for here, there, count in self.pairs[:LARGEST]]
        return "\n".join(
            (f"{len(self.files)} files, {self.moves} moves", "", *self.files, "", *pairs),
        )


def call(home: Path, wasm: Path) -> Journey:
    """A warm call of an installed plugin."""
    package = _package(home, wasm)
    question = ("call", PLUGIN, QUESTION)
    with _machine(home) as env:
        for words in (("install", str(package), "--yes"), question):
            _run(env, "edge", *words)
        return _traced(env, home, question)


def install(home: Path, wasm: Path) -> Journey:
    """The installation of a package on a machine that has a key and nothing else."""
    package = _package(home, wasm)
    with _machine(home) as env:
        return _traced(env, home, ("install", str(package), "--yes"))


JOURNEYS = {"call": call, "install": install}


def _package(home: Path, wasm: Path) -> Path:
    from tests.support import packing
    from tests.support.home import settled

    with settled(home):
        from edge import _native as native
        from edge.trust import key_file

        folder = packing.folder(home / PLUGIN, PLUGIN, wasm, {})
        engine = native.about()["engine"]
        return packing.packed(home / f"{PLUGIN}.edge", folder, (engine,), key_file.local_seed())


@contextmanager
def _machine(home: Path) -> Iterator[dict[str, str]]:
    """The environment of a user with this home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as runtime:
        yield {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": runtime}


def _run(env: dict[str, str], module: str, *words: str) -> None:
    command = [sys.executable, "-m", module, *words]
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)


def _traced(env: dict[str, str], home: Path, words: tuple[str, ...]) -> Journey:
    where = home / "journey.json"
    _run(env, "tests.journey", "--traced", str(where), *words)
    return Journey(**json.loads(where.read_text()))


def _trace(words: list[str]) -> dict[str, Any]:
    """Runs a command in this process, which has imported nothing of Edge's yet."""
    files: set[str] = set()
    pairs: Counter[tuple[str, str]] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(PACKAGE) or _is_import(frame):
            return
        files.add(path)
        back = _caller(frame)
        if back is not None and back.f_code.co_name != BODY and back.f_code.co_filename != path:
            pairs[back.f_code.co_filename, path] += 1

    # The package itself is what a program starts with.
    from edge.cli import main

    sys.setprofile(note)
    try:
        status = main(words)
    finally:
        sys.setprofile(None)
    assert status == 0, status
    return {
        "files": [path.removeprefix(PACKAGE) for path in files],
        "pairs": [(*(path.removeprefix(PACKAGE) for path in pair), count) for pair, count in pairs.items()],
    }


def _caller(frame: FrameType) -> FrameType | None:
    """The nearest frame of ours above one."""
    back = frame.f_back
    while back is not None and not back.f_code.co_filename.startswith(PACKAGE):
        back = back.f_back
    return back


def _is_import(frame: FrameType) -> bool:
    """Whether a frame is a module's body, or what that runs of its own file: a class, a comprehension."""
    here: FrameType | None = frame
    while here is not None and here.f_code.co_filename == frame.f_code.co_filename:
        if here.f_code.co_name == BODY:
            return True
        here = _caller(here)
    return False


def _main(words: list[str]) -> None:
    if words[:1] == ["--traced"]:
        found = _trace(words[2:])
        Path(words[1]).write_text(json.dumps(found))
        return
    if len(words) != 1 or words[0] not in JOURNEYS:
        sys.exit(f"python -m tests.journey {'|'.join(JOURNEYS)}")
    built = [sys.executable, "-m", "cross.guests", PLUGIN]
    wasm = subprocess.run(built, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as home:
        print(JOURNEYS[words[0]](Path(home), Path(wasm)))


if __name__ == "__main__":
    _main(sys.argv[1:])
