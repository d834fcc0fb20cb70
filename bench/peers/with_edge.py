"""usage: with_edge.py ARTIFACT ARGUMENTS."""

import time

started = time.perf_counter()

import sys  # noqa: E402

from edge import Runtime  # noqa: E402
from edge.interfaces.logging import Logging  # noqa: E402


def run(artifact: str, arguments: str) -> None:
    """Verifies, loads, calls and prints the result."""
    plugin = Runtime().load(artifact, interfaces=(Logging(lambda *_: None),))
    answer = plugin.call(arguments).output
    seconds = time.perf_counter() - started
    again = time.perf_counter()
    plugin.call(arguments)
    warm = time.perf_counter() - again

    import json

    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"answer": answer, "seconds": seconds, "warm_seconds": warm, "peak_kb": peak}))


if __name__ == "__main__":
    run(*sys.argv[1:])
