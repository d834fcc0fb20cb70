"""A machine of its own in a folder, commands of `edge` on it, and strace between them and the kernel."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from edge.cli import main, output
from edge.json_text import json_text
from tests.power.trace import tracing

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PLACES = {"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_RUNTIME_DIR": "run", "HOME": "home"}
TIMEOUT = 60.0
"""Seconds: a command that is not over by then hangs."""

CHANGES = (
    "mkdir",
    "write",
    "pwrite64",
    "writev",
    "sendfile",
    "copy_file_range",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "link",
    "linkat",
    "symlink",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "chmod",
    "fchmod",
)
"""Calls that change files; `openat` does where it makes one."""

READS = ("read", "pread64", "newfstatat", "getdents64", "flock")
MAKING = ("O_CREAT", "O_TMPFILE", "O_TRUNC")
END = "exit_group"


class Place(NamedTuple):
    """One system call of a command: the `number`th of its name.

    changes  whether it changes files
    path     of the first file that it has to do with, below the machine's folder
    """

    call: str
    number: int
    changes: bool
    path: str

    def __str__(self) -> str:
        return f"{self.call} {self.number} ({self.path})"


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


class Command(NamedTuple):
    """What stands on a command line behind `edge`, and what comes on standard input."""

    words: tuple[str, ...]
    stdin: str = ""


class Machine:
    """All that processes of one user keep is below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def become(self, other: Path) -> None:
        """Holds what another folder holds, and nothing else."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(other, self.root, symlinks=True)

    def environment(self) -> dict[str, str]:
        """What tells a process that it is on this machine."""
        here = {name: str(self.root / below) for name, below in PLACES.items()}
        return {**os.environ, **here, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, command: Command, *options: str) -> Ended:
        """Runs a command in a process of its own; with options, those of strace."""
        words = [sys.executable, "-m", "edge", *command.words, "--json"]
        if options:
            words = ["strace", "-f", "-qq", *options, *words]
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=self.environment(),
            input=command.stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def places(self, command: Command, *, ends: int = 0) -> list[Place]:
        """The calls of a command that have to do with files of this machine, in their order, and its end.

        What it does with other files is counted with them, as strace counts, but is no place.

        ends  the exit code that the command is to have
        """
        log = self.root.with_suffix(".log")
        traced = ",".join((*CHANGES, *READS, "openat", END))
        ended = self.run(command, "-y", "-o", str(log), *tracing(traced))
        if ended.status != ends:
            raise AssertionError(f"{command.words} ended with {ended}")
        lines = log.read_text(errors="replace").splitlines()
        log.unlink()
        return list(_places(lines, str(self.root)))

    @contextmanager
    def here(self) -> Iterator[None]:
        """Within it, this process is on the machine."""
        with mock.patch.dict(os.environ, self.environment()):
            yield

    def look(self, *words: str) -> tuple[int, Any]:
        """How a command ends in this process, which is faster, and what it answers."""
        out = io.StringIO()

        def document(value: Any) -> None:
            out.write(json_text(value))

        with self.here(), mock.patch.multiple(output, document=document, say=lambda *_: None):
            status = main([*words, "--json"])
        return status, json.loads(out.getvalue())


def _places(lines: list[str], root: str) -> Iterator[Place]:
    first = lines[0].split()[0]
    counted: Counter[str] = Counter()
    for line in lines:
        process, _, rest = line.partition(" ")
        call, bracket, told = rest.strip().partition("(")
        # Threads of the compiler have counts of their own, and change no files.
        if process != first or not bracket:
            continue
        counted[call] += 1
        makes = call == "openat" and any(flag in told for flag in MAKING)
        if call == END:
            yield Place(call, counted[call], False, "the end")
        elif root in told:
            path = told.partition(root)[2].lstrip("/")
            ends = min((path.find(end) for end in '">,' if end in path), default=len(path))
            yield Place(call, counted[call], makes or call in CHANGES, path[:ends])


def injecting(place: Place, what: str, *, on: bool = False) -> tuple[str, ...]:
    """Options with which something befalls one call; with `on`, and all later ones of its name."""
    inject = f"inject={place.call}:{what}:when={place.number}{'+' if on else ''}"
    # With --seccomp-bpf, which would be faster, strace 6.1 delivers no signal.
    return "-o", os.devnull, "-e", f"trace={place.call}", "-e", inject
