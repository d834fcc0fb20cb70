"""`python -m tests.faults [OPERATION…]`: each system call of each operation is killed, and made to fail."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

SHARED_MEMORY = "/dev/shm"


def main(names: Sequence[str]) -> int:
    """1 when something is wrong."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as place:
        here = {"HOME": place, "XDG_RUNTIME_DIR": place, "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
        from cross import guests

        wasm = guests.build("faults")
        with mock.patch.dict(os.environ, here):
            return _all(Path(place), wasm, names)


def _all(place: Path, wasm: Path, names: Sequence[str]) -> int:
    from tests.faults import inject
    from tests.power import operations
    from tests.power.judge import Bench, Case

    bench = Bench(place / "bench", wasm)
    killed = failed = wrong = 0
    for name in names or operations.OPERATIONS:
        case = Case(bench, name)
        found = []
        for at in inject.places(case):
            found += [f"killed at {at}: {complaint}" for complaint in inject.kill(case, at)]
            killed += 1
        for at in inject.places(case)[: inject.FIRST]:
            for error in inject.ERRORS:
                found += [f"{error} at {at}: {complaint}" for complaint in inject.fail(case, at, error)]
                failed += 1
        wrong += len(found)
        print(f"{'FAILED' if found else 'ok':<6} {name}", *found, sep="\n       ", flush=True)
    print(f"{killed} kills, {failed} failed calls, {wrong} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
