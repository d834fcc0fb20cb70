"""Another process with calls under way, and a clock that stands still."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

HOLD = """
import sys
from edge.limits.admission import Counters
counters = Counters(sys.argv[1])
slots = [counters.enter(sys.argv[2], memory=int(sys.argv[3])) for _ in range(int(sys.argv[4]))]
print("held", flush=True)
sys.stdin.read()
"""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def holding(path: str, name: str, memory: int = 0, count: int = 1) -> Iterator[subprocess.Popen[str]]:
    """Another process with calls under way."""
    words = [sys.executable, "-c", HOLD, path, name, str(memory), str(count)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()
