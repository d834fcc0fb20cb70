"""Carries out attacks in one process and reports what came of each, as a line of JSON before and after.

It imports nothing but Edge, because it runs on the emulated Pi Zero too, where it is a lone file.

usage: attack.py FOLDER [MODULES]: FOLDER has the artifacts and attacks.json, MODULES is where Edge is
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import Any

if len(sys.argv) > 2:
    sys.path[:0] = sys.argv[2].split(":")

from edge import Interface, Limits, Logging, Plugin, Runtime, errors

GOOD = "good"
GIFT = "x" * 1000
DROPPED = b" more bytes were dropped]\n"
WARM_UP = 2
KB_PAGE = os.sysconf("SC_PAGE_SIZE") >> 10


class Log:
    """Where what a plugin logs goes; it keeps nothing but how many bytes there were."""

    def __init__(self) -> None:
        self.bytes = 0

    def __call__(self, _stream: int, written: bytes) -> None:
        if not written.endswith(DROPPED):
            self.bytes += len(written)

    def event(self, _plugin: str, _level: str, event: dict[str, Any]) -> None:
        """Takes an event."""
        texts = (event["function-name"], event["message"], event["attrs"] or "")
        self.bytes += sum(len(text.encode()) for text in texts)


def host(log: Log) -> list[Interface]:
    """What attacks may import beside WASI."""
    functions = {"poke": lambda _: (), "take": lambda *_: (), "give": lambda _: (GIFT,)}
    return [Interface("edge:hostile/host@0.1.0", functions), Logging(log.event)]


def resources() -> dict[str, int]:
    """What this process holds."""
    gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return {
        "rss_kb": pages * KB_PAGE,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
    }


def reset_peak() -> None:
    """Lets the kernel forget how much memory this process had."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak_kb() -> int:
    """The most memory this process had since `reset_peak`."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def call(plugin: Plugin, limits: Limits, function: str = "run") -> dict[str, Any]:
    """One call in an instance of its own, and how it ended."""
    facts: dict[str, Any] = {"ends": "Answer", "message": ""}
    with plugin.instance(limits) as instance:
        cpu, wall = time.process_time(), time.monotonic()
        try:
            facts["answer"] = repr(instance.call(function))[:100]
        except errors.EdgeError as error:
            facts.update(ends=type(error).__name__, message=error.message)
        facts.update(cpu_s=time.process_time() - cpu, wall_s=time.monotonic() - wall)
        stats = instance.stats
        facts.update(fuel=stats.fuel, memory=stats.memory_bytes, host_calls=stats.host_calls)
    return facts


def attempt(runtime: Runtime, path: str, limits: Limits, function: str, *, listens: bool) -> dict[str, Any]:
    """Loads a plugin and calls it."""
    log = Log()
    try:
        plugin = runtime.load(path, interfaces=host(log), output=log if listens else None)
    except errors.EdgeError as error:
        return {"ends": type(error).__name__, "message": error.message}
    return {**call(plugin, limits, function), "logged": log.bytes}


def attack(runtime: Runtime, good: Plugin, folder: str, case: dict[str, Any]) -> dict[str, Any]:
    """Attacks until the allocator has what it needs for that, and once more: this time nothing may stay."""
    path, limits = f"{folder}/{case['file']}", Limits(**case["limits"])
    for _ in range(WARM_UP):
        attempt(runtime, path, limits, case["function"], listens=case["listens"])
        call(good, Limits())
    before = resources()
    reset_peak()
    facts = attempt(runtime, path, limits, case["function"], listens=case["listens"])
    facts["peak_kb"] = peak_kb() - before["rss_kb"]
    facts["next"] = call(good, Limits())
    after = resources()
    facts["left"] = {name: after[name] - before[name] for name in before}
    return facts


def say(**facts: Any) -> None:
    """One line, at once: the next attack may end this process."""
    print(json.dumps(facts), flush=True)


def main(folder: str, *_: str) -> None:
    """Carries out all attacks of attacks.json."""
    with open(f"{folder}/attacks.json") as file:
        plan = json.load(file)
    runtime = Runtime(trusted=[bytes.fromhex(plan["key"])], interpret=plan["interpret"])
    good = runtime.load(f"{folder}/{plan['good']}", interfaces=host(Log()))
    say(attack=GOOD, report=call(good, Limits()))
    for case in plan["attacks"]:
        say(attack=case["name"])
        say(attack=case["name"], report=attack(runtime, good, folder, case))


if __name__ == "__main__":
    main(*sys.argv[1:])
