"""A standalone script for the board: measures calls in one process and prints them as JSON.

usage: on_board.py TOOL QUESTION TYPES IMPORTS COREMARK, where IMPORTS lists the imports of TYPES, with commas
"""

import sys

sys.path[:0] = ["/opt/edge/lib", "/usr/lib/python3/dist-packages"]

from collections.abc import Callable  # noqa: E402
from time import monotonic_ns  # noqa: E402

from edge import Admission, Counters, Limits, Runtime  # noqa: E402
from edge.interfaces import Interface  # noqa: E402
from edge.interfaces.logging import Logging  # noqa: E402
from edge.limits import here  # noqa: E402
from edge.runtime.call import Call  # noqa: E402

CALLS = 20
WARM_UP = 3
ECHO = "edge:types/echo@0.1.0"
CLOCK = "edge:coremark/clock@0.1.0"
# The clock values that CoreMark receives, and its calls before the last answer: see tests/guests/coremark.
CLOCK_MS = (0, 5000, 5000, 20000)
ITERATIONS = 30


def mean_ns(act: Callable[[], object]) -> float:
    """The mean of CALLS, without the first WARM_UP."""
    times = []
    for _ in range(WARM_UP + CALLS):
        started = monotonic_ns()
        act()
        times.append(monotonic_ns() - started)
    return sum(times[WARM_UP:]) / CALLS


def warm_call_ms(runtime: Runtime, path: str, question: str) -> float:
    """One call of a loaded tool, in its own instance."""
    plugin = runtime.load(path, interfaces=(Logging(lambda *_: None),))
    return mean_ns(lambda: plugin.call(question)) / 1e6


def counted_call_ms(runtime: Runtime, path: str, question: str) -> float:
    """The same with admission: memory, rate and concurrency are counted across processes."""
    plugin = runtime.load(path, interfaces=(Logging(lambda *_: None),))
    device = here()
    with Counters() as counters:
        admission = Admission(counters, device)

        def call() -> None:
            with admission.admit(plugin.name, device.limits, per_minute=60_000):
                plugin.call(question, limits=device.limits)

        return mean_ns(call) / 1e6


def host_call_us(runtime: Runtime, path: str, imports: str) -> float:
    """From the guest to a Python function and back, with one string each way."""
    functions = {name.rpartition("#")[2]: lambda _call, *values: values for name in imports.split(",")}
    plugin = runtime.load(path, interfaces=(Interface(ECHO, functions),))
    with plugin.instance() as instance:
        relayed = mean_ns(lambda: instance.call("edge:types/relay@0.1.0#relay-string", "21.5 °C"))
        echoed = mean_ns(lambda: instance.call(f"{ECHO}#echo-string", "21.5 °C"))
    return (relayed - echoed) / 1e3


def coremark(runtime: Runtime, path: str) -> float:
    """CoreMark's iterations a second, timed by this clock and not by the guest's.

    RATIONALE, "Why CoreMark comes from a Python package".
    """
    asked: list[int] = []

    def clock(_call: Call) -> tuple[int]:
        asked.append(monotonic_ns())
        return (CLOCK_MS[len(asked) - 1],)

    plugin = runtime.load(path, interfaces=(Interface(CLOCK, {"ms": clock}),))
    with plugin.instance(Limits(fuel=10**12, deadline=3600)) as instance:
        instance.call("run")
    return ITERATIONS / ((asked[3] - asked[2]) / 1e9)


def main(tool: str, question: str, types: str, imports: str, coremark_path: str) -> None:
    """Every figure by its name in budgets.toml."""
    import json

    runtime = Runtime()
    figures = {
        "warm call": warm_call_ms(runtime, tool, question),
        "warm call, counted": counted_call_ms(runtime, tool, question),
        "host call round trip": host_call_us(runtime, types, imports),
        "CoreMark": coremark(runtime, coremark_path),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
