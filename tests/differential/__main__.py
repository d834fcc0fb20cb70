"""`python -m tests.differential [--board] [MODULES]`: generated modules on every engine here."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.differential import compare

BATCH = 500
MODULES = 10_000


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    counts = [int(argument) for argument in arguments if argument != "--board"]
    count = counts[0] if counts else MODULES
    engines = [compare.interpreter_answers]
    if "--board" in arguments:
        engines.append(compare.board_answers)
    compared = differing = 0
    for first in range(0, count, BATCH):
        wasms = compare.components(range(first, min(first + BATCH, count)))
        expected = compare.native_answers(wasms)
        found = [line for answers in engines for line in compare.differences(expected, answers(wasms))]
        compared += len(wasms)
        differing += len(found)
        for line in found:
            print(line)
        print(f"{compared} modules, {differing} differences", flush=True)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
