"""Ctrl-C in real processes, whatever the call is doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.limits.admission import Counters
from tests.support.limits_guest import SOURCE, wasm

ROOT = Path(__file__).parent.parent.parent
TIMEOUT = 60

# What each does until the end of days; all have said so first.
SCRIPT = """
import os, sys, threading
from edge import Limits
from edge.cli import main
from edge.limits.admission import Counters
from edge.runtime.scheduler import Scheduler
from edge.wait import wait
from tests.support.limits_guest import load

what, path = sys.argv[1:]

def say():
    print("under way", flush=True)

def ask(call):
    say()
    wait(call, readable=[os.pipe()[0]])
    return ()

said = []

def once(call):
    if not said:
        said.append(say())
    return ()

limits = Limits(deadline=10**6, fuel=10**18, host_calls=2**32 - 1)
plugin = load(ask if what in ("waits", "scheduled-waits") else once)
FUNCTION = {"spins": ("work-and-ask", 100_000), "sleeps": ("sleep", 10**15), "waits": ("ask", 1)}
function = FUNCTION[what.partition("-")[2] or what]
before = os.listdir("/proc/self/fd")

def command(_):
    with Counters(path) as counters, counters.enter("interrupted", memory=1):
        call = plugin.instance(limits).start(*function)
        if function[0] == "sleep":
            # Nothing of ours runs while it sleeps: by then it does.
            threading.Timer(1, say).start()
        try:
            if what.startswith("scheduled"):
                with Scheduler() as scheduler:
                    scheduler.add(call)
                    scheduler.run()
            else:
                call.run()
        finally:
            print("closed" if call.instance.closed else "open", flush=True)

# The command line's own way to end.
import edge.cli
edge.cli._dispatch = command
status = main([])
print(sorted(set(os.listdir("/proc/self/fd")) - set(before)) if what == "sleeps" else [])
sys.exit(status)
"""


@pytest.mark.parametrize(
    "what", ["spins", "sleeps", "waits", "scheduled-spins", "scheduled-sleeps", "scheduled-waits"]
)
def test_ctrl_c_ends_what_is_under_way_and_leaves_nothing(what: str, tmp_path: Path) -> None:
    assert wasm(SOURCE.read_text())
    path = str(tmp_path / "counters")
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, what, path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "under way\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (130, "closed\n[]\n")
    assert err.endswith("edge: interrupted\n")
    with Counters(path) as counters:
        assert counters.live() == (0, 0)
