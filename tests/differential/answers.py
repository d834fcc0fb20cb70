"""Calls generated components and prints what each came to, as lines of JSON.

It imports nothing but Edge, because it runs on the emulated Pi Zero too, where it is a lone file.

usage: answers.py FOLDER MODULES: FOLDER has the artifacts and plan.json, MODULES is where Edge is
"""

from __future__ import annotations

import json
import sys
from typing import Any

if len(sys.argv) > 2:
    sys.path[:0] = sys.argv[2].split(":")

from edge import Limits, Runtime, errors

LIMITS = Limits(fuel=1_000_000, deadline=120)
QUESTIONS = ((0, 0, 0.0, 0.0), (7, 2**63, -1.5, 1e300), (2**32 - 1, 12345678901, 3e38, -0.0))


def answers(runtime: Runtime, path: str) -> list[Any]:
    """What one component came to, by question up to the first trap: how it ended, fuel and memory."""
    plugin = runtime.load(path, interfaces=())
    found: list[Any] = []
    with plugin.instance(LIMITS) as instance:
        for question in QUESTIONS:
            try:
                end, said = "Answer", list(instance.call("run", *question))
            except errors.CallFailed as error:
                end, said = type(error).__name__, [error.message]
            stats = instance.stats
            found.append([end, said, stats.fuel, stats.memory_bytes])
            if end != "Answer":
                break
    return found


def main(folder: str, *_: str) -> None:
    """All artifacts of plan.json."""
    with open(f"{folder}/plan.json") as file:
        plan = json.load(file)
    runtime = Runtime(trusted=[bytes.fromhex(plan["key"])], **plan["runtime"])
    for name in plan["names"]:
        print(json.dumps([name, answers(runtime, f"{folder}/{name}.cwasm")]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
