"""Operations whose system calls strace kills or lets fail, one after another, and what that leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.power import disk, machine
from tests.power.judge import Case
from tests.power.trace import tracing

ROOT = Path(__file__).resolve().parent.parent.parent

CALLS = (
    "mkdir",
    "openat",
    "write",
    "pwrite64",
    "ftruncate",
    "fsync",
    "fdatasync",
    "linkat",
    "rename",
    "unlink",
    "rmdir",
    "fchmod",
)
"""What changes files, as this machine's C library and Rust's call it; tests/power records all there are."""

ERRORS = ("ENOSPC", "EIO", "EROFS")
FIRST = 100
"""Of the calls of an operation, so many are made to fail."""

ENVIRONMENT = 5
KILLED = -signal.SIGKILL


class Place(NamedTuple):
    """One system call of an operation: the `number`th of its name."""

    call: str
    number: int


class Ended(NamedTuple):
    """How an operation ended, and what it said."""

    status: int
    out: str
    err: str


def places(case: Case) -> list[Place]:
    """Every call of an operation that changes files, or opens one to do so, in the order of the calls.

    Calls that have to do with other files, those of the interpreter's start for one, are counted with them
    and are no places.
    """
    counted: Counter[str] = Counter()
    found = []
    with _machine(case) as root:
        log = case.bench.folder / "calls.log"
        _run(case, root, ["-y", "-o", str(log), *tracing(",".join(CALLS))])
        for line in log.read_text().splitlines():
            call = line.split("(")[0].split()[-1]
            if call not in CALLS:
                continue
            counted[call] += 1
            if str(root) in line and (call != "openat" or "O_CREAT" in line or "O_TMPFILE" in line):
                found.append(Place(call, counted[call]))
        log.unlink()
    return found


def kill(case: Case, place: Place) -> list[str]:
    """What is wrong after the process was killed as it entered a call."""
    with _machine(case) as root:
        ended = _run(case, root, _inject(place, "signal=KILL"))
        left = disk.read(root)
    if ended.status != KILLED:
        return [f"it was not killed but ended with {ended.status}: {ended.err[-300:]}"]
    return case.complaints(left, is_done=False)


def fail(case: Case, place: Place, error: str) -> list[str]:
    """What is wrong after a call failed with an error."""
    with _machine(case) as root:
        ended = _run(case, root, _inject(place, f"error={error}"))
        left = disk.read(root)
    return [*_told(ended), *case.complaints(left, is_done=ended.status == 0)]


def _told(ended: Ended) -> Iterator[str]:
    """A failure is one of this machine's, said with its cause, and without a trace."""
    if "Traceback" in ended.err:
        yield f"a trace: {ended.err[-600:]}"
    if ended.status == 0:
        return
    if ended.status != ENVIRONMENT:
        yield f"it ended with {ended.status}: {ended.out} {ended.err[-300:]}"
        return
    said = json.loads(ended.out)["error"]
    if not said["message"] or said["exit"] != ENVIRONMENT:
        yield f"it says {said}"


def _inject(place: Place, what: str) -> list[str]:
    inject = f"inject={place.call}:{what}:when={place.number}"
    return ["-o", os.devnull, "-e", f"trace={place.call}", "-e", inject]


def _run(case: Case, root: Path, options: list[str]) -> Ended:
    command = [sys.executable, "-m", "tests.faults.act", case.name, str(case.bench.packages)]
    environment = {**os.environ, **machine.environment(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["strace", "-f", "-qq", *options, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class _machine:  # noqa: N801 it is used as a function is
    """The machine on which an operation begins, for a `with`."""

    def __init__(self, case: Case) -> None:
        self._root = case.root
        self._start = case.start

    def __enter__(self) -> Path:
        disk.write(self._start, self._root)
        return self._root

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._root)
