from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import admission
from edge.counters import Counters
from edge.profiles import MB, PI_ZERO, PROFILES

Edge = Callable[..., Any]
Artifact = Callable[[str], Path]

UNDER_A_POLICY = ("--level", "default")
NOTHING = '{"do": "nothing"}'
PAGE = 64 << 10


@pytest.fixture(autouse=True)
def counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counters:
    """Counters of the test's own, which the command finds too."""
    monkeypatch.setattr("edge.shared.folder", lambda: str(tmp_path))
    return Counters(str(tmp_path / "counters"))


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_sets_the_limits(edge: Edge, artifact: Artifact, name: str) -> None:
    pages = PROFILES[name].limits.memory // PAGE
    ran = edge("run", "--profile", name, artifact("faults"), f'{{"do": "grow", "count": {pages}}}')
    assert ran.status == 0
    assert 0.8 * pages < int(ran.out) < pages


def test_a_pi_zeros_limits_hold_unless_another_profile_is_named(edge: Edge, artifact: Artifact) -> None:
    grow = f'{{"do": "grow", "count": {PI_ZERO.limits.memory // PAGE}}}'
    usual, named = (edge("run", *words, artifact("faults"), grow) for words in ((), ("--profile", "pi-zero")))
    assert usual.out == named.out


def test_an_option_goes_before_the_profile(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", "--profile", "workstation", "--fuel", "1000", artifact("faults"), '{"do": "spin"}')
    assert ran.status == 4
    assert "fuel is used up" in ran.err


def test_a_profile_has_its_stack(edge: Edge, artifact: Artifact) -> None:
    recurse = '{"do": "recurse", "count": 16000}'
    assert edge("run", "--profile", "pi-zero", artifact("faults"), recurse).status == 4
    assert edge("run", "--profile", "workstation", artifact("faults"), recurse).status == 0


def test_a_profile_that_does_not_exist_is_wrong_usage(edge: Edge, artifact: Artifact) -> None:
    ran = edge("run", "--profile", "vax", artifact("faults"), NOTHING)
    assert ran.status == 2
    assert "pi-zero, pi-64, workstation and here" in ran.err


def test_what_is_not_admitted_is_said_with_figures(
    edge: Edge, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "free_bytes", lambda: 30 * MB)
    ran = edge("run", artifact("faults"), NOTHING)
    assert ran.status == 5
    assert "faults may use" in ran.err
    assert "30.0 MB are free" in ran.err


def test_calls_at_once_are_counted_by_the_plugins_name(
    edge: Edge, artifact: Artifact, counters: Counters
) -> None:
    slots = [counters.enter("faults") for _ in range(60)]
    ran = edge("run", *UNDER_A_POLICY, artifact("faults"), NOTHING)
    assert ran.status == 4
    assert "60 of its calls are under way" in ran.err
    slots[0].close()
    for slot in slots[-59:]:
        slot.close()
    assert edge("run", *UNDER_A_POLICY, artifact("faults"), NOTHING).status == 0


def test_a_call_that_is_over_counts_no_more(edge: Edge, artifact: Artifact, counters: Counters) -> None:
    assert edge("run", *UNDER_A_POLICY, artifact("faults"), NOTHING).status == 0
    assert edge("run", *UNDER_A_POLICY, artifact("faults"), '{"do": "trap"}').status == 4
    assert counters.live() == (0, 0)
