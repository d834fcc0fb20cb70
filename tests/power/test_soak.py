"""Many calls in one process leave nothing there; the full count is `python -m tests.power soak`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Callable, cast

import pytest

from tests.power import soak
from tests.power.soak import Soak

ROOT = Path(__file__).resolve().parent.parent.parent
CALLS = 2000


def test_many_calls_leave_nothing_in_their_process(wasm: Callable[[str], Path], tmp_path: Path) -> None:
    # In a process of its own: what other tests leave in this one is theirs.
    command = [sys.executable, "-m", "tests.power.soak", str(tmp_path), str(wasm("faults")), str(CALLS)]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


BEFORE = {"kB": 10_000, "descriptors": 5, "threads": 3}


@pytest.mark.parametrize(
    ("change", "live", "wrong", "complaint"),
    [
        ({}, (0, 0), [], ""),
        ({"kB": 11_024}, (0, 0), [], ""),
        ({"kB": 11_025}, (0, 0), [], "1025 kB stayed"),
        ({"descriptors": 6}, (0, 0), [], "1 descriptors stayed"),
        ({"threads": 4}, (0, 0), [], "1 threads stayed"),
        ({}, (1, 9), [], "still count"),
        ({}, (0, 0), ["trap ended as answer"], "trap ended as answer"),
    ],
)
def test_what_stays_is_said(
    change: dict[str, int], live: tuple[int, int], wrong: list[str], complaint: str
) -> None:
    soaked = cast(Soak, SimpleNamespace(live=lambda: live, wrong=wrong))
    found = soak.complaints(BEFORE, {**BEFORE, **change}, soaked)
    assert len(found) == bool(complaint)
    assert complaint in "".join(found)
