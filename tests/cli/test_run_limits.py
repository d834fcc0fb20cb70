from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

import pytest

from edge.limits import PI_ZERO, PROFILES, here
from edge.limits.admission import Counters

Edge = Callable[..., Any]
Artifact = Callable[[str], Path]

UNDER_A_POLICY = ("--level", "default")
NOTHING = '{"do": "nothing"}'
PAGE = 64 << 10


@pytest.fixture(autouse=True)
def counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counters:
    """Counters of the test's own, which the command finds too."""
    monkeypatch.setattr("edge.files.runtime_dir.folder", lambda: str(tmp_path))
    return Counters()


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
    edge: Edge, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {30 << 10} kB\n")
    monkeypatch.setattr("edge.cli.run.Counters", partial(Counters, root=str(tmp_path)))
    ran = edge("run", artifact("faults"), NOTHING)
    assert ran.status == 5
    assert "This call may use 17" in ran.err
    assert "30.0 MB are free" in ran.err


def test_calls_that_nothing_is_known_of_share_the_memory_too(
    edge: Edge, artifact: Artifact, counters: Counters
) -> None:
    room = here().memory - (20 << 20)
    with counters.enter("another", memory=room):
        assert edge("run", artifact("faults"), NOTHING).status == 0
        ran = edge("run", "--memory", "64", artifact("faults"), NOTHING)
    assert ran.status == 5
    assert f"1 other may use {room >> 20}.0 MB" in ran.err
    assert counters.live() == (0, 0)


def test_calls_at_once_are_counted_by_the_plugins_name(
    edge: Edge, artifact: Artifact, counters: Counters
) -> None:
    slots = [counters.enter("faults") for _ in range(60)]
    ran = edge("run", *UNDER_A_POLICY, artifact("faults"), NOTHING)
    assert ran.status == 4
    assert "60 calls are running" in ran.err
    slots[0].close()
    for slot in slots[-59:]:
        slot.close()
    assert edge("run", *UNDER_A_POLICY, artifact("faults"), NOTHING).status == 0


def test_a_call_that_is_over_counts_no_more(edge: Edge, artifact: Artifact, counters: Counters) -> None:
    assert edge("run", *UNDER_A_POLICY, artifact("faults"), NOTHING).status == 0
    assert edge("run", *UNDER_A_POLICY, artifact("faults"), '{"do": "trap"}').status == 4
    assert counters.live() == (0, 0)
