"""The result of a command on the board."""

from __future__ import annotations

import os
from dataclasses import dataclass

KILLED = 128


@dataclass(frozen=True)
class Result:
    """The end of one command. Memory is that of its own process, without its children."""

    exit: int
    """Its exit status, or 128 + the number of the signal that ended it."""
    stdout: bytes
    stderr: bytes
    peak_rss_kb: int
    """VmHWM, which includes the pages of mapped files."""
    peak_anon_kb: int
    """Peak of its anonymous memory. RATIONALE, "Why a BPF program counts anonymous memory"."""
    virtual_ms: float
    """From exec to the end, by the board's clock; with icount, every instruction costs 2 ns."""
    timed_out: bool
    """Whether it was killed at its timeout."""


def parse(stdout: bytes, stderr: bytes, outcome: bytes) -> Result:
    """Parses the result that the board's first process sent (`send_outcome` in init/main.c)."""
    lines = outcome.decode("ascii", "replace").splitlines()
    facts = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    status = int(facts["status"][0])
    return Result(
        exit=KILLED + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
        stdout=stdout,
        stderr=stderr,
        peak_rss_kb=int(facts["VmHWM"][0]) if "VmHWM" in facts else 0,
        peak_anon_kb=int(facts["peak_anon_kb"][0]),
        virtual_ms=int(facts["nanoseconds"][0]) / 1e6,
        timed_out=facts["timed_out"] == ["1"],
    )
