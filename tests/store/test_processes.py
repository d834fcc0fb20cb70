"""Processes that change and call the same plugins at once: nobody waits for ever, nothing is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from edge import audit
from edge.store import records
from edge.store.verify import fault_of
from tests.store.running import load

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES = 8
STEPS = 25

PROGRAM = """
import random, sys
from edge import errors
from edge.store import lifecycle
from edge.store.call import prepare
from edge.store.consent import carry_out
from edge.store.install import Installation

source = random.Random(int(sys.argv[1]))
EXPECTED = (
    errors.NotInstalled, errors.NotEnabled, errors.StateError, errors.Downgrade, errors.NeedsConsent,
)

def put(path):
    with open(path, "rb") as file:
        carry_out(Installation(file.fileno(), path, origin=path), lambda _: True)

def call(name):
    with prepare(name) as prepared:
        assert prepared.load().call({"do": "nothing"}).success

for _ in range(int(sys.argv[2])):
    name = source.choice(["a", "b"])
    act = source.choice(["put", "put", "call", "call", "call", "rollback", "disable", "enable", "remove"])
    try:
        if act == "put":
            put(f"{name}{source.randrange(1, 5)}.edge")
        elif act == "call":
            call(name)
        elif act == "enable":
            lifecycle.enable(name, consent=lambda _: True)
        else:
            getattr(lifecycle, act)(name)
    except EXPECTED:
        pass
"""


def test_processes_at_once_never_corrupt_or_deadlock(
    packed: Callable[..., Path], tmp_path: Path, empty: Path
) -> None:
    for name in ("a", "b"):
        for number in range(1, 5):
            packed(number, name=name).rename(tmp_path / f"{name}{number}.edge")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(number), str(STEPS)],
            cwd=tmp_path,
            env=env,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    said = [process.communicate(timeout=300)[1] for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES, said
    for found in records.every():
        if found.current:
            assert fault_of(found.current, found.name) is None
            if found.enabled:
                assert load(found.name).plugin.call({"do": "nothing"}).success
    assert audit.verify() == []
    assert os.listdir(empty / "store" / "staging") == []


@pytest.mark.parametrize("act", ["rollback", "remove"])
def test_what_is_mapped_runs_on_when_its_release_goes(put: Callable[..., object], act: str) -> None:
    from edge.store import lifecycle

    put(1)
    put(2)
    loaded = load("faults")
    getattr(lifecycle, act)("faults")
    if act == "rollback":
        put(3)
        put(4)
    assert loaded.plugin.call({"do": "nothing"}).success
