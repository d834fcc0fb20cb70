"""The test files of the component-model specification, through `edge inspect` and `edge compile`.

    python -m tests.fuzz.specification FOLDER...

A FOLDER holds .wast files, at any depth: `test` of a checkout of github.com/WebAssembly/component-model, or
`tests/cli/component-model` of one of github.com/bytecodealliance/wasm-tools. Neither is part of this
repository, and no package registry has them: `make test-full` does not run this. The small program in
tests/fuzz/wast makes binaries of them, with the `wast` crate that its Cargo.lock pins.

Both commands have to end every time in an artifact or a refusal (3), or with 4 where a component traps or
goes over a limit when it is asked what it is. Anything else, a fault of Edge or a process that dies, is
listed, and the exit code is 1. Components that the specification calls invalid and Edge takes are listed as
well, and are no failure: proposals that Edge leaves out decide some of them.
"""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cross import cache

HERE = Path(__file__).parent
TAKEN, REFUSED, TRAPPED = 0, 3, 4
GOOD_ENDS = {"inspect": (TAKEN, REFUSED), "compile": (TAKEN, REFUSED, TRAPPED)}
MAX_SECONDS = 600
"""For all of one .wast file; the compiler's own limits end before that."""


def main(words: list[str]) -> int:
    """Prints what went wrong, and what came of how many."""
    if words[:1] == ["--cases"]:
        answers = os.dup(1)
        for path in sorted(Path(words[1]).iterdir()):
            _try(path, answers)
        return 0
    program = _program()
    counts: collections.Counter[str] = collections.Counter()
    wrong = []
    for file in (found for folder in words for found in sorted(Path(folder).rglob("*.wast"))):
        for case, command, end, why in _ends(program, file):
            counts[f"{command}: {end}"] += 1
            where = f"{file}:{case}: {command}"
            if end not in GOOD_ENDS.get(command, ()):
                wrong.append(f"{where} ended with {end}: {why}")
            elif end == TAKEN and "invalid" in case:
                print(f"taken: {where}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(", ".join(f"{what} {count} times" for what, count in sorted(counts.items())))
    return 1 if wrong or not counts else 0


def _program() -> Path:
    def build(folder: Path) -> None:
        manifest = HERE / "wast" / "Cargo.toml"
        command = ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", str(folder)]
        subprocess.run([*command, "--manifest-path", str(manifest)], check=True)

    made_of = cache.key(HERE / "wast")
    return cache.product("edge-wast", made_of, build) / "release" / "edge-wast"


def _ends(program: Path, file: Path) -> Iterator[tuple[str, str, int, str]]:
    """Each case of a .wast file, the command, how that ended, and what it said."""
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place) / "cases", Path(place) / "home"
        folder.mkdir()
        home.mkdir(mode=0o700)
        made = subprocess.run(
            [str(program), str(file), str(folder)], capture_output=True, text=True, check=False
        )
        if made.returncode:
            print(f"not read: {file}: {made.stderr.strip().splitlines()[0]}")
            return
        environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")} | {"HOME": str(home)}
        again = [sys.executable, "-m", "tests.fuzz.specification", "--cases", str(folder)]
        done = subprocess.run(
            again, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS, check=False
        )
        last = "the first"
        for line in done.stdout.splitlines():
            case, command, end, why = json.loads(line)
            last = f"after {command} of {case}"
            yield case, command, end, why
        if done.returncode:
            yield last, "process", done.returncode, done.stderr[-500:]


def _try(case: Path, answers: int) -> None:
    """Runs both commands on a case; `answers`: the descriptor that is told how they ended."""
    from edge.cli import main as edge

    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        for command in (["inspect"], ["compile", "--target", "pi-zero", "-o", out]):
            said.seek(0)
            said.truncate()
            end = edge([*command, str(case)])
            said.seek(0)
            found = [case.stem, command[0], end, said.read().decode(errors="replace")[-500:]]
            os.write(answers, json.dumps(found).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
