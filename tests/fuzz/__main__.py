"""Feeds what reads foreign bytes: `python -m tests.fuzz [--minutes N | --examples N] [--seed N] [NAME…]`.

With `--minutes`, every fuzzer runs in a process of its own, again and again with other seeds, until the time
is up.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import itertools
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import hypothesis

MODULES = ("artifacts", "components", "manifests", "sequences", "values")
EXAMPLES = 100
LONG_RUN = 1000


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODULES)}; all by default")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(MODULES)
    if unknown:
        parser.error(f"no fuzzer {', '.join(sorted(unknown))}")
    names = options.names or MODULES
    if options.minutes:
        return _for_long(names, options.minutes * 60)
    faulthandler.enable()
    for name in names:
        _once(name, options.examples, options.seed)
    return 0


def _for_long(names: Sequence[str], seconds: float) -> int:
    until = time.monotonic() + seconds
    rounds = 0
    for name in itertools.cycle(names):
        if time.monotonic() >= until:
            break
        seed = random.getrandbits(32)
        again = [f"--examples={LONG_RUN}", f"--seed={seed}", name]
        done = subprocess.run([sys.executable, "-m", "tests.fuzz", *again], check=False)
        if done.returncode:
            print(f"failed with status {done.returncode}; again: python -m tests.fuzz {' '.join(again)}")
            return 1
        rounds += 1
    print(f"{rounds} rounds passed")
    return 0


def _once(name: str, examples: int, seed: int) -> None:
    # Before the fuzzers are imported, because they take what is set then.
    hypothesis.settings.register_profile(
        "fuzz",
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("fuzz")
    module = importlib.import_module(f"tests.fuzz.{name}")
    for fuzzer in _fuzzers(module):
        hypothesis.seed(seed)(fuzzer)()
        print(f"{name} {fuzzer.__name__}: passed", flush=True)


def _fuzzers(module: Any) -> list[Any]:
    return [value for name, value in vars(module).items() if name.startswith("fuzz_")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
