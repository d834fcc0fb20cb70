"""A short run of every fuzzer, each in a process of its own: a crash fails one test and not all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = {"artifacts": 200, "components": 40, "manifests": 200, "sequences": 400, "values": 200}
SECONDS = 300


@pytest.mark.parametrize("name", EXAMPLES)
def test_foreign_bytes_are_taken_or_refused(name: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz", f"--examples={EXAMPLES[name]}", name]
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("passed") > 0
