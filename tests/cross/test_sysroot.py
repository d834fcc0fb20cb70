from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from cross import build, sysroot, targets

USERLANDS = {"pi-zero": "armv7l", "pi-64": "aarch64", "board": "armv6l"}
QUESTION = '{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}'


@pytest.mark.parametrize(("target", "machine"), USERLANDS.items())
def test_every_userland_is_of_its_cpu(target: str, machine: str) -> None:
    code = "import platform, _cffi_backend; print(platform.machine(), _cffi_backend.__file__)"
    done = sysroot.python(target, ["-c", code], timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(machine)
    assert str(sysroot.userland(target)) in done.stdout


def test_a_target_without_a_userland_says_so() -> None:
    with pytest.raises(targets.UnknownTarget, match="no userland for host"):
        sysroot.userland("host")


def test_tools_answer_alike_for_the_same_fuel_everywhere(artifact: Callable[..., Path]) -> None:
    answers = {}
    for target in USERLANDS:
        tool = artifact("cron-next", targets.get(target).engine)
        arguments = ["-m", "edge", "run", str(tool), QUESTION, "--fixed", "--json"]
        env = {"EDGE_LIBRARY": str(build.library(target))}
        done = sysroot.python(target, arguments, env=env, timeout=120)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        answers[target] = (answer["output"], answer["fuel"])
    assert len(set(answers.values())) == 1, answers
