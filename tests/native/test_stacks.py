"""Stacks are kept from call to call: one for all calls in turn, and empty when nobody uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cross import cache

PROGRAM = """
import re, sys
from tests.support.limits_guest import load_text

GUARD, FIBER = 64 << 10, 768 << 10  # native/src/stacks.rs
TEXT = '''(component
  (core module $m (func (export "run") (result i32) (i32.const 7)))
  (core instance $i (instantiate $m))
  (func (export "run") (result s32) (canon lift (core func $i "run"))))'''

def stacks():
    maps = open("/proc/self/maps").read()
    guards = re.findall("^([0-9a-f]+)-([0-9a-f]+) ---p", maps, re.MULTILINE)
    return [int(end, 16) for begin, end in guards if int(end, 16) - int(begin, 16) == GUARD]

plugin = load_text(TEXT, interpret=sys.argv[1] == "interpreted")
found = []
for _ in range(3):
    with plugin.instance() as instance:
        assert instance.call("run") == 7
    del instance
    found.append(stacks())
assert len(found[0]) == 1 and found[0] == found[1] == found[2], found
with open("/proc/self/mem", "rb") as memory:
    memory.seek(found[0][0])
    assert not any(memory.read(FIBER))
"""


@pytest.mark.parametrize("engine", ["native", "interpreted"])
def test_calls_in_turn_use_one_stack_and_leave_nothing_on_it(engine: str) -> None:
    pytest.importorskip("wasmtime", reason="assembles the plugin")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, engine], cwd=cache.ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
