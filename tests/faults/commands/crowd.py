"""Many commands at once on one machine, some of them killed at any moment, and what that leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from edge import audit, store
from edge.limits.admission import Counters
from edge.store.verify import fault_of
from tests.faults.commands.machine import ROOT, TIMEOUT, Command, Machine
from tests.faults.commands.table import ALL, NAME, Shop, of
from tests.faults.commands.verdict import NEUTRAL, left

PROCESSES = 8
KILLED = 0.25
"""Of all commands."""

MAX_SECONDS = 0.25
"""Seconds until a command is killed, at most; some are over before."""

ANSWER = '{"do":"arguments"}'

COMMANDS: tuple[tuple[int, Command], ...] = (
    (12, of("call", NAME, ANSWER)),
    (3, of("call", NAME, '{"do":"secret","text":"token"}')),
    (2, of("list")),
    (2, of("show", NAME)),
    (4, of("install", "1.edge", "--yes")),
    (4, of("install", "2.edge", "--yes")),
    (4, of("install", "3.edge", "--yes")),
    (2, of("install", "3.tar.gz", "--yes")),
    (3, of("rollback", NAME)),
    (2, of("enable", NAME, "--yes")),
    (1, of("disable", NAME)),
    (2, of("remove", NAME, "--forget")),
    (1, of("remove", NAME)),
    (2, of("config", NAME, "place=there")),
    (2, of("secret", NAME, "token", stdin="another")),
    (1, of("policy", "grant", NAME, "http_client", "b.example.org:443")),
    (1, of("key", "trust", "2e" * 32)),
    (1, of("reload", NAME)),
)
"""What is done, and how often of all together."""

EXPECTED = (
    "NotInstalled",
    "NotEnabled",
    "StateError",
    "Downgrade",
    "NeedsConsent",
    "RateExceeded",
    "Busy",
    "ConfigError",
)
"""What may be answered instead, by who comes at the wrong time."""


class Told:
    """What came of it: how commands ended, and what is wrong."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._lock = threading.Lock()

    def add(self, command: Command, end: str, complaint: str) -> None:
        """A command that ended."""
        with self._lock:
            self.ends[f"{command.words[0]} {end}"] += 1
            if complaint:
                self.complaints.append(f"{' '.join(command.words[:3])}: {complaint}")

    def summary(self) -> str:
        """How commands ended, the most frequent first."""
        ends = ", ".join(f"{end} {count}" for end, count in self.ends.most_common())
        return f"{sum(self.ends.values())} commands, {len(self.complaints)} complaints ({ends})"


def run(shop: Shop, *, seconds: float = 0.0, commands: int = 0, seed: int = 0) -> Told:
    """Lets processes come one after the other in several lines, for so long or so many in each line."""
    machine = Machine(shop.folder / "machine")
    machine.become(shop.start(ALL))
    told, end = Told(), time.monotonic() + seconds

    def line(number: int) -> None:
        random = Random(f"{seed} {number}")
        done = 0
        while done < commands or time.monotonic() < end:
            _one(machine, shop, random, told)
            done += 1

    threads = [threading.Thread(target=line, args=(number,)) for number in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.complaints += _looked_at(machine, shop)
    return told


def _one(machine: Machine, shop: Shop, random: Random, told: Told) -> None:
    (command,) = random.choices([c for _, c in COMMANDS], [often for often, _ in COMMANDS])
    is_killed = random.random() < KILLED
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", *shop.placed(command).words, "--json"],
        cwd=ROOT,
        env=machine.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if is_killed:
        killer = threading.Timer(random.random() * MAX_SECONDS, process.kill)
        killer.start()
    try:
        out, err = process.communicate(command.stdin, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        told.add(command, "hung", f"it was not over after {TIMEOUT:.0f} s")
        return
    if is_killed:
        killer.cancel()
    if process.returncode < 0:
        told.add(command, "killed", "" if is_killed else f"it ended by signal {-process.returncode}")
        return
    kind = json.loads(out).get("error") if process.returncode else None
    end = kind["kind"] if isinstance(kind, dict) else "ok" if not process.returncode else "no"
    is_wrong = end not in ("ok", *EXPECTED) or "Traceback" in err
    if end == "ok" and ANSWER in command.words:
        is_wrong = ANSWER[1:-1] not in json.loads(out)["output"]
    told.add(command, end, f"{out} {err[-800:]}" if is_wrong else "")


def _looked_at(machine: Machine, shop: Shop) -> Iterator[str]:
    """What is wrong once everybody is gone."""
    machine.look(*NEUTRAL)
    with machine.here():
        yield from (f"audit: {problem}" for problem in audit.verify())
        found = store.find(NAME)
        if found is not None and found.current:
            fault = fault_of(found.current, NAME)
            if fault is not None:
                yield f"what is installed: {fault}"
        yield from (found for found in left(machine) if found.endswith("of what is not installed"))
        with Counters() as counters:
            if counters.live() != (0, 0):
                yield f"{counters.live()} calls and bytes still count"
    ended = machine.run(shop.placed(of("install", "3.edge", "--yes")))
    if ended.status:
        yield f"installing afterwards: {ended}"
    machine.look("enable", NAME, "--yes")
    # The rate of calls has to have a place for one more.
    for path in (machine.root / "run").rglob("counters"):
        os.unlink(path)
    status, said = machine.look("call", NAME, ANSWER)
    if status:
        yield f"a call afterwards: {said}"
    yield from left(machine)
