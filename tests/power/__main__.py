"""`python -m tests.power [--drawn N] [OPERATION…]`: a power cut after every system call of every operation.

`python -m tests.power soak [CALLS]`: calls of an installed plugin in one process.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from unittest import mock

SHARED_MEMORY = "/dev/shm"
DRAWN = 20
SHOWN = 8
SOAK = "soak"


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    # Nothing here is to last; and what is synced must not wear out a disk.
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as place:
        here = {"HOME": place, "XDG_RUNTIME_DIR": place, "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
        from cross import guests

        wasm = guests.build("faults")
        with mock.patch.dict(os.environ, here):
            if arguments[:1] == [SOAK]:
                from tests.power import soak

                return soak.main(Path(place), wasm, arguments[1:])
            return _cut(Path(place), wasm, arguments)


def _cut(place: Path, wasm: Path, arguments: Sequence[str]) -> int:
    from tests.power import operations
    from tests.power.judge import Bench, Case, Tried, cut_everywhere, kill_and_cut

    parser = argparse.ArgumentParser(prog="tests.power", description=__doc__)
    parser.add_argument("--drawn", type=int, default=DRAWN, help="survivors by chance, for each cut")
    parser.add_argument("--killed", action="store_true", help="also after a kill, and a second try")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", metavar="OPERATION")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(operations.OPERATIONS)
    if unknown:
        parser.error(f"no operation {', '.join(sorted(unknown))}")
    states = trees = failed = 0
    bench = Bench(place / "bench", wasm)
    for name in options.names or operations.OPERATIONS:
        case, tried = Case(bench, name), Tried()
        random = Random(f"{options.seed} {name}")
        cut_everywhere(case, tried, random, options.drawn)
        if options.killed:
            kill_and_cut(case, tried, random, 0, case.cuts())
        states, trees = states + tried.states, trees + tried.trees
        failed += bool(tried.complaints)
        count = f"{len(case.disk.operations)} calls, {tried.states} states, {tried.trees} different"
        print(f"{'FAILED' if tried.complaints else 'ok':<6} {name}: {count}", flush=True)
        for complaint in tried.complaints[:SHOWN]:
            print(f"       {complaint}")
        if len(tried.complaints) > SHOWN:
            print(f"       and {len(tried.complaints) - SHOWN} more")
    print(f"{states} states, {trees} different, {failed} operations failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
