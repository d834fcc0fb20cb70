"""Calls of an installed plugin in one process, some of which end badly, and what they leave there."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

from edge import errors
from edge.limits.admission import Admission, Counters
from edge.runtime import Plugin
from edge.store import lifecycle
from edge.store.call import Prepared, prepare
from edge.trust import key_file
from tests.power import machine, operations
from tests.power.operations import NAME

CALLS = 100_000
WARM_UP = 1_000
EACH_LOADED = 100
"""Calls of a plugin that was loaded once."""

GROWN_KB = 1024
PER_MINUTE = 60
SECONDS_EACH = 2
FUEL = 2_000_000

ENDS: dict[int, tuple[str, dict[str, Any]]] = {
    1: ("Trapped", {"do": "trap"}),
    2: ("Trapped", {"do": "panic"}),
    3: ("OutOfFuel", {"do": "spin"}),
    4: ("Trapped", {"do": "recurse"}),
    5: ("Exited", {"do": "exit"}),
    6: ("ToolError", {"do": "error", "text": "no"}),
    7: ("answer", {"do": "grow", "count": 4}),
    8: ("answer", {"do": "big-output", "count": 100_000}),
    9: ("answer", {"do": "log-flood", "count": 20, "text": "much"}),
}
"""How a call ends, and what it does, by the number of every tenth call; the others just answer."""

USUAL = ("answer", {"do": "arguments"})


class Clock:
    """A clock that goes on with each call, so that the rate is what is asked for."""

    def __init__(self) -> None:
        self.now = 1

    def __call__(self) -> float:
        return self.now


class Soak:
    """What was called so far."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._counters = Counters(seconds=self._clock)
        self.ends: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self, count: int) -> None:
        """Calls that often, and tries what is refused once for each time that the plugin is loaded."""
        done = 0
        while done < count:
            some = min(EACH_LOADED, count - done)
            with prepare(NAME) as prepared:
                plugin = prepared.load(log=lambda *_: None, output=lambda *_: None)
                for number in range(done, done + some):
                    wanted, arguments = ENDS.get(number // 10 % 10, USUAL) if number % 10 == 0 else USUAL
                    self._call(prepared, plugin, wanted, arguments)
                self._refuse(prepared)
            done += some

    def live(self) -> tuple[int, int]:
        """Calls that are counted as under way, and their memory."""
        return self._counters.live()

    def _call(self, prepared: Prepared, plugin: Plugin, wanted: str, arguments: dict[str, Any]) -> None:
        limits = prepared.limits.replace(fuel=FUEL)
        self._clock.now += SECONDS_EACH
        try:
            with Admission(self._counters, prepared.profile).admit(NAME, limits, per_minute=PER_MINUTE):
                plugin.call(arguments, limits=limits)
                said = "answer"
        except errors.EdgeError as error:
            said = type(error).__name__
        self.ends[said] += 1
        if said != wanted:
            self.wrong.append(f"{arguments['do']} ended as {said}")

    def _refuse(self, prepared: Prepared) -> None:
        """As many calls in one second as are let, and one more; and a plugin that is not there."""
        admission = Admission(self._counters, prepared.profile)

        def call_often() -> None:
            for _ in itertools.repeat(None, PER_MINUTE + 1):
                admission.admit(NAME, prepared.limits, per_minute=PER_MINUTE).close()

        self._expect(errors.RateExceeded, call_often)
        self._clock.now += 120
        self._expect(errors.NotInstalled, lambda: prepare("nobody"))
        lifecycle.disable(NAME)
        self._expect(errors.NotEnabled, lambda: prepare(NAME))
        lifecycle.enable(NAME, consent=lambda _: True)

    def _expect(self, kind: type[errors.EdgeError], act: Callable[[], object]) -> None:
        try:
            act()
        except kind:
            self.ends[kind.__name__] += 1
        else:
            self.wrong.append(f"no {kind.__name__}")


def resources() -> dict[str, int]:
    """What this process holds."""
    gc.collect()
    with open("/proc/self/status") as file:
        rss = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
    return {
        "kB": rss,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
    }


def complaints(before: dict[str, int], after: dict[str, int], soak: Soak) -> list[str]:
    """What is wrong after a soak."""
    found = soak.wrong[:10]
    if after["kB"] > before["kB"] + GROWN_KB:
        found.append(f"{after['kB'] - before['kB']} kB stayed")
    found += [
        f"{after[n] - before[n]} {n} stayed" for n in ("descriptors", "threads") if after[n] != before[n]
    ]
    if soak.live() != (0, 0):
        found.append(f"{soak.live()} calls and bytes still count")
    return found


def main(place: Path, wasm: Path, arguments: Sequence[str]) -> int:
    """Installs the plugin on a machine of its own, calls it, and says what that left."""
    count = int(arguments[0]) if arguments else CALLS
    root = place / "machine"
    operations.pack(place / "packages", wasm)
    machine.empty(root, key_file.local_seed())
    with machine.at(root):
        operations.put(1)(place / "packages")
        soak = Soak()
        soak.run(WARM_UP)
        before, started = resources(), time.monotonic()
        soak.run(count)
        after, seconds = resources(), time.monotonic() - started
        wrong = complaints(before, after, soak)
    for complaint in wrong:
        print(complaint)
    ends = ", ".join(f"{end} {many}" for end, many in soak.ends.most_common())
    print(f"{count} calls in {seconds:.0f} s ({ends})")
    print(", ".join(f"{name} {before[name]} to {after[name]}" for name in after))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
