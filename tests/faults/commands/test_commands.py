"""Commands of the command line, killed and failing: a sample; all by `python -m tests.faults.commands`."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.commands import crowd, recovery, table
from tests.faults.commands.__main__ import FIRST, errors_at
from tests.faults.commands.machine import ROOT, Machine, Place, injecting
from tests.faults.commands.table import ALL, NAME, Shop, of
from tests.faults.commands.verdict import Case
from tests.power.trace import tracing

KILLED = 12
"""One place of so many, and then another one while it is done again."""

FAILED = 30

SLOWLY = 100_000
"""Microseconds that it takes to read each piece of code."""


@pytest.mark.parametrize("name", table.COMMANDS)
def test_a_killed_or_failing_command_leaves_the_old_state_or_the_new(shop: Shop, name: str) -> None:
    case = Case(shop, name)
    changes = case.changes()
    # Another sample for each command, and the same at every run.
    first = zlib.crc32(name.encode())
    complaints = []
    for turn, place in enumerate(changes[first % KILLED :: KILLED]):
        again = changes[(first + 5 * turn) % len(changes)]
        complaints += [f"killed at {place}, {again}: {told}" for told in case.kill(place, again)]
    for turn, place in enumerate(case.places[first % FAILED : FIRST : FAILED]):
        errors = errors_at(place)
        error = errors[turn % len(errors)]
        complaints += [f"{error} at {place}: {told}" for told in case.fail(place, error)]
    assert complaints == []


def test_recovery_that_is_interrupted_is_done_by_the_next(shop: Shop) -> None:
    case = recovery.Recovery(shop)
    assert len(case.places) > 15
    complaints = []
    for turn, place in enumerate(case.places[::3]):
        again = case.places[5 * turn % len(case.places)]
        complaints += [f"killed at {place}, {again}: {told}" for told in case.kill(place, again)]
        error = recovery.ERRORS[turn % len(recovery.ERRORS)]
        complaints += [f"{error} at {place}: {told}" for told in case.fail(place, error)]
    assert complaints == []


@pytest.fixture
def machine(shop: Shop) -> Iterator[Machine]:
    found = Machine(shop.folder / "machine")
    found.become(shop.start(ALL))
    yield found
    found.become(shop.start(table.NOTHING))


def test_who_is_killed_is_killed_before_the_call_has_its_effect(machine: Machine) -> None:
    path = machine.root / "data/edge/config/faults.json"
    before = path.read_bytes()
    set_it = of("config", NAME, "place=there")
    ended = machine.run(set_it, *injecting(Place("rename", 1, True, ""), "signal=KILL"))
    assert (ended.status, path.read_bytes()) == (-9, before)
    assert machine.run(set_it).status == 0
    assert path.read_bytes() != before


@pytest.mark.parametrize(
    ("name", "damaged"),
    [
        ("config", "data/edge/config/faults.json"),
        ("secret", "data/edge/secrets/faults.json"),
        ("upgrade", "data/edge/store/plugins/faults.json"),
        ("trust", "config/edge/trusted.keys"),
        ("grant", "config/edge/policy.json"),
        ("disable", "data/edge/audit/log"),
    ],
)
def test_half_a_file_is_found_out(shop: Shop, name: str, damaged: str) -> None:
    case = Case(shop, name)
    case.begin()
    assert list(case.judged(is_done=False)) == []
    case.begin()
    path = case.machine.root / damaged
    contents = path.read_bytes()
    path.write_bytes(contents[: len(contents) // 2])
    assert list(case.judged(is_done=False)) != []


def test_a_removal_that_leaves_something_is_found_out(shop: Shop) -> None:
    case = Case(shop, "remove")
    config = case.machine.root / "data/edge/config/faults.json"
    case.begin()
    contents = config.read_bytes()
    assert case.machine.run(case.command).status == 0
    config.write_bytes(contents)
    assert "left: data/edge/config/faults.json of what is not installed" in list(case.judged(is_done=True))


def test_a_release_that_goes_while_a_call_loads_it_is_called(machine: Machine, tmp_path: Path) -> None:
    log = tmp_path / "log"
    slow = ("-y", "-o", str(log), *tracing("pread64"), "-e", f"inject=pread64:delay_enter={SLOWLY}")
    words = ["strace", "-f", "-qq", *slow, sys.executable, "-m", "edge", "call", NAME, crowd.ANSWER, "--json"]
    with subprocess.Popen(words, cwd=ROOT, env=machine.environment(), stdout=subprocess.PIPE) as process:
        while not (log.exists() and "/code>" in log.read_text(errors="replace")):
            assert process.poll() is None
        for path in (machine.root / "data/edge/store/releases").glob("*/code"):
            path.unlink()
        out, _ = process.communicate(timeout=60)
    # It was still being read.
    assert "/code>(deleted)" in log.read_text(errors="replace")
    assert process.returncode == 0, out
    assert json.loads(out)["success"]


def test_many_commands_at_once_some_of_them_killed(shop: Shop) -> None:
    told = crowd.run(shop, commands=12, seed=1)
    assert told.complaints == []
    ends = told.ends
    assert ends["call ok"]
    assert ends["install ok"]
    assert sum(count for end, count in ends.items() if end.endswith("killed"))
