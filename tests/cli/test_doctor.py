from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge.doctor import CHECKS

Edge = Callable[..., Any]

OF_THE_MACHINE = {"memory", "control_groups"}
"""What a healthy machine that runs tests may warn of."""


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_on_a_healthy_machine_nothing_fails(edge: Edge) -> None:
    ran = edge("doctor", "--json")
    assert (ran.status, ran.err, ran.document["ok"]) == (0, "", True)
    checks = ran.document["checks"]
    assert [check["name"] for check in checks] == list(CHECKS)
    assert {check["name"] for check in checks if check["status"] != "pass"} <= OF_THE_MACHINE
    assert all(check["found"] for check in checks)
    assert all(check["remedy"] for check in checks if check["status"] != "pass")


def test_a_check_is_a_line_and_a_remedy_stands_below(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 0.0)
    ran = edge("doctor")
    assert ran.status == 0
    lines = ran.out.splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("warn  clock "))
    column = lines[at].index("the clock shows 1970-01-01")
    assert lines[at + 1].startswith(" " * column + " Set it")
    starts = [line[:5].strip() for line in lines if line[0] != " "]
    assert (len(starts), set(starts) <= {"pass", "warn", "fail"}) == (len(CHECKS), True)


def test_one_check_that_fails_is_the_exit_code(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.doctor.machine.OLDEST_PYTHON", (4, 0))
    ran = edge("doctor")
    assert (ran.status, ran.err) == (1, "")
    assert "\nfail  python " in ran.out
    document = edge("doctor", "--json").document
    assert document["ok"] is False
