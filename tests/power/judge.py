"""Whether a power cut left the old state or the new one, and whether everything works from there on."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from edge import audit
from edge.trust import key_file
from tests.power import disk, machine, operations
from tests.power.disk import Disk, Tree
from tests.power.machine import View
from tests.power.operations import Operation
from tests.power.recording import Recording
from tests.power.survivors import Cut, survivors
from tests.power.trace import traced

ROOT = Path(__file__).resolve().parent.parent.parent
TORN = "a power cut may have truncated it"
OF_CALLS = ("call",)
"""What a removal that is not finished has changed already, before anybody recovers the store."""


class Bench:
    """Where operations are recorded, and their survivors looked at: a folder, packages, a key."""

    def __init__(self, folder: Path, wasm: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.packages = folder / "packages"
        self.seed = key_file.local_seed()
        operations.pack(self.packages, wasm)

    def record(self, root: Path, start: Tree, act: str, argument: Path) -> Disk:
        """The disk of a machine while a process carried something out on it."""
        found = Disk(start)
        self.go_on(found, root, act, argument)
        return found

    def go_on(self, found: Disk, root: Path, act: str, argument: Path) -> None:
        """The same, on a disk to which more had happened before."""
        command = [sys.executable, "-m", "tests.power.act", act, str(argument)]
        environment = {**os.environ, **machine.environment(root), "PYTHONDONTWRITEBYTECODE": "1"}
        calls = traced(command, environment, self.folder / "strace.log", ROOT)
        Recording(found, str(root)).follow(calls)
        is_now = disk.read(root)
        if found.now() != is_now:
            raise AssertionError(f"the recording misses something: {_difference(found.now(), is_now)}")


class Case:
    """An operation that was recorded: what it did to its disk, and the states before and after."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.name = name
        self.operation: Operation = operations.OPERATIONS[name]
        self.bench = bench
        self.root = bench.folder / "machine"
        machine.empty(self.root, bench.seed)
        try:
            with machine.at(self.root):
                for act in self.operation.start:
                    act(bench.packages)
                self._newest = machine.newest()
            self.start = disk.read(self.root)
            self.old = self._view(self.start)
            self.disk = bench.record(self.root, self.start, name, bench.packages)
            self.new = self._view(self.disk.now())
        finally:
            shutil.rmtree(self.root)
        if self.old == self.new:
            raise AssertionError(f"{name} changes nothing")

    def cuts(self) -> range:
        """How many operations were done when the power was cut, from none to all."""
        return range(len(self.disk.operations) + 1)

    def killed(self, at: int) -> Disk:
        """The disk of a machine whose process was killed after so many operations, and that did it again."""
        twice = self.disk.until(at)
        disk.write(twice.now(), self.root)
        try:
            self.bench.go_on(twice, self.root, self.name, self.bench.packages)
        finally:
            shutil.rmtree(self.root)
        return twice

    def complaints(self, tree: Tree, *, is_done: bool) -> list[str]:
        """What is wrong with what was left; `is_done`: it was told to be done, so it has to be."""
        with machine.holding(tree, self.bench.folder):
            found = list(self._before_recovery(is_done=is_done))
            try:
                machine.recover()
                found += self._after_recovery(is_done=is_done)
            except Exception as error:
                found.append(f"recovery or doing it again: {error!r}")
        return found

    def _before_recovery(self, *, is_done: bool) -> Iterator[str]:
        now = machine.view()
        parts = OF_CALLS if self.operation.finish else tuple(now)
        for_new = all(now[part] == self.new[part] for part in parts)
        if not for_new and (is_done or any(now[part] != self.old[part] for part in parts)):
            yield f"before recovery: {self._told(now)}"
        yield from (f"audit: {problem}" for problem in audit.verify() if TORN not in problem)
        if for_new and all(entry["event"] != self.operation.event for entry in self._since()):
            yield "audit: it was done and not written down"
        self._before = {part: now[part] for part in parts}

    def _after_recovery(self, *, is_done: bool) -> Iterator[str]:
        now = machine.view()
        if now not in ((self.new,) if is_done else (self.old, self.new)):
            yield f"after recovery: {self._told(now)}"
        if any(now[part] != self._before[part] for part in self._before):
            yield f"recovery changed what there was: {self._told(now)}"
        yield from (f"left: {entry}" for entry in machine.left())
        wanted = self.operation.again if now == self.new else "new"
        ends, again = "", {}
        try:
            self.operation.act(self.bench.packages)
        except Exception as error:
            ends = type(error).__name__
        again = machine.view()
        states = {"old": self.old, "new": self.new}
        if ends != ("" if wanted in states else wanted) or again != states.get(wanted, self.new):
            yield f"done again: {ends or 'no error'}, {self._told(again)}"
        audit.append({"event": "config"})
        yield from (f"audit, written to again: {problem}" for problem in audit.verify())
        machine.recover()
        yield from (f"left after doing it again: {entry}" for entry in machine.left())

    def _since(self) -> list[audit.Event]:
        return [e for e in audit.entries() if "since" not in e and e["seq"] > self._newest]

    def _view(self, tree: Tree) -> View:
        with machine.holding(tree, self.bench.folder):
            return machine.view()

    def _told(self, now: View) -> str:
        return "; ".join(f"{part} {self._state(part, value)}" for part, value in now.items())

    def _state(self, part: str, value: object) -> str:
        if self.old[part] == self.new[part] == value:
            return "as ever"
        return "old" if value == self.old[part] else "new" if value == self.new[part] else f"is {value}"


class Tried:
    """What was tried: cuts with their variants, how many trees that made, and what was wrong with them."""

    def __init__(self) -> None:
        self.states = 0
        self.complaints: list[str] = []
        self._seen: set[bytes] = set()

    @property
    def trees(self) -> int:
        """How many different ones there were."""
        return len(self._seen)

    def is_new(self, tree: Tree, *, is_done: bool) -> bool:
        """Counts a state; whether nothing like it was looked at before."""
        self.states += 1
        found = hashlib.sha256(repr(is_done).encode())
        for name, (mode, content) in sorted(tree.items()):
            size = -1 if content is None else len(content)
            found.update(f"{name} {mode} {size}\n".encode("utf-8", "surrogateescape") + (content or b""))
        is_new = found.digest() not in self._seen
        self._seen.add(found.digest())
        return is_new


def cut_everywhere(case: Case, tried: Tried, random: Random, drawn: int, every: int = 1) -> None:
    """Looks at what is left of every cut, or of one in so many, the last one always."""
    for at in case.cuts():
        is_done = 0 <= case.disk.done <= at
        if at % every and not is_done:
            continue
        for variant, tree in survivors(Cut(case.disk, at), random, drawn):
            if tried.is_new(tree, is_done=is_done):
                found = case.complaints(tree, is_done=is_done)
                said = f"{case.name}, cut after {at} of {len(case.disk.operations)}, {variant}"
                tried.complaints += [f"{said}: {complaint}" for complaint in found]


def kill_and_cut(case: Case, tried: Tried, random: Random, drawn: int, killed: Sequence[int]) -> None:
    """Kills the process after so many operations, does it all again, and then cuts the power."""
    for at in killed:
        twice = case.killed(at)
        for later in range(at, len(twice.operations) + 1):
            for variant, tree in survivors(Cut(twice, later, journal=True), random, drawn):
                if tried.is_new(tree, is_done=False):
                    found = case.complaints(tree, is_done=False)
                    said = f"{case.name}, killed after {at}, cut after {later}, {variant}"
                    tried.complaints += [f"{said}: {complaint}" for complaint in found]


def _difference(one: Tree, other: Tree) -> list[str]:
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
