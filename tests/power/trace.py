"""The system calls of a process that change files, as strace writes them down."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SYSTEM_CALLS = (
    "openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,fallocate,truncate,"
    "ftruncate,fsync,fdatasync,sync,syncfs,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,symlink,symlinkat,chmod,fchmod,fchmodat,dup,dup2,dup3,fcntl,close"
)
HIDING = "prctl"
MAX_STRING = 1 << 20
"""Bytes of one call that are written down; a longer one is an error (see `Call.text`)."""

LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)")
UNFINISHED = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)$")
PLACE = re.compile(r"(-?\d+|AT_FDCWD)(?:<([^>]*)>)?(?:\(deleted\))?")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


class Call(NamedTuple):
    """A system call that succeeded: its number among all of the process, its name, arguments and answer."""

    process: int
    name: str
    arguments: list[str]
    answer: int

    def number(self, at: int) -> int:
        """An argument that is a number, or a descriptor."""
        return int(self._place(at)[1])

    def folder(self, at: int) -> str:
        """The path of the folder that a descriptor, or AT_FDCWD, stands for."""
        return _decoded(self._place(at)[2] or "").decode("utf-8", "surrogateescape")

    def text(self, at: int) -> bytes:
        """An argument that is a text, or data."""
        found = TEXT.fullmatch(self.arguments[at])
        if found is None or found[2]:
            raise ValueError(f"{self.name}: an argument that was not written down: {self.arguments[at][:80]}")
        return _decoded(found[1])

    def _place(self, at: int) -> re.Match[str]:
        found = PLACE.match(self.arguments[at])
        if found is None:
            raise ValueError(f"{self.name}: no descriptor: {self.arguments[at][:80]}")
        return found


def tracing(calls: str) -> tuple[str, ...]:
    """Options of strace for these calls, and their arguments as texts.

    Only root reads the memory of a process that used a key (native/src/process.rs). For others, the call with
    which it hides that is answered by strace and not made.
    """
    if os.geteuid() == 0:
        return "-e", f"trace={calls}"
    return "-e", f"trace={calls},{HIDING}", "-e", f"inject={HIDING}:retval=0"


def traced(command: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path) -> list[Call]:
    """Runs a program that has to succeed, and answers with its calls in their order."""
    strace = ["strace", "-f", "-y", "-xx", "-s", str(MAX_STRING), *tracing(SYSTEM_CALLS), "-o", str(log)]
    done = subprocess.run(
        [*strace, *command], env=dict(environment), cwd=cwd, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}: {done.stderr[-2000:]}")
    try:
        with log.open() as lines:
            return list(parse(lines))
    finally:
        os.unlink(log)


def parse(lines: Iterator[str]) -> Iterator[Call]:
    """The calls in what strace wrote; those that failed are left out, but opening what is not there."""
    begun: dict[str, str] = {}
    for told in lines:
        line = told.rstrip("\n")
        if found := UNFINISHED.match(line):
            begun[found[1]] = found[2]
            continue
        if found := RESUMED.match(line):
            line = f"{found[1]} {begun.pop(found[1])}{found[2]}"
        if (found := LINE.match(line)) is None:
            continue
        process, name, arguments, answer = found.groups()
        call = Call(int(process), name, arguments.split(", "), -1 if answer == "?" else int(answer))
        if name != HIDING and (call.answer >= 0 or name == "openat"):
            yield call


def _decoded(told: str) -> bytes:
    return bytes.fromhex(told.replace("\\x", ""))
