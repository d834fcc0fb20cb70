"""What it costs a warm call that its plugin's calls are limited."""

from __future__ import annotations

import gc
import statistics
import time
from pathlib import Path
from typing import Callable

from edge import Limits, Logging, Runtime, Secrets
from edge.admission import Admission
from edge.counters import Counters
from edge.profiles import WORKSTATION

LIMITS_COUNTED = 3  # memory of all, calls at once, calls a minute
AT_MOST = 1.1
PAIRS = 400
ATTEMPTS = 5
ARGUMENTS = '{"cron": "*/20 7-9 * * mon-fri", "after": "2026-01-30T09:30:00Z"}'


def test_each_counted_limit_costs_a_warm_call_a_tenth_at_most(
    artifact: Callable[[str], Path], tmp_path: Path
) -> None:
    interfaces = [Logging(lambda *_: None), Secrets({})]
    plugin = Runtime().load(str(artifact("cron-next")), interfaces=interfaces)
    limits = Limits()

    def plain() -> None:
        plugin.call(ARGUMENTS, limits=limits)

    with Counters(str(tmp_path / "counters")) as counters:
        device = Admission(counters, WORKSTATION)

        def counted() -> None:
            with device.admit("cron-next", limits, per_minute=0xFFFF):
                plugin.call(ARGUMENTS, limits=limits)

        # Processor time, and pairs that ran one after the other, because the machine is busy with other
        # things; for the same reason it may try again.
        ratios: list[float] = []
        while len(ratios) < ATTEMPTS and (not ratios or ratios[-1] > 1 + LIMITS_COUNTED * (AT_MOST - 1)):
            gc.collect()
            pairs = [(_spent(plain), _spent(counted)) for _ in range(PAIRS)]
            ratios.append(statistics.median(with_limits / without for without, with_limits in pairs))
        assert (min(ratios) - 1) / LIMITS_COUNTED <= AT_MOST - 1


def _spent(act: Callable[[], None]) -> int:
    started = time.thread_time_ns()
    act()
    return time.thread_time_ns() - started
