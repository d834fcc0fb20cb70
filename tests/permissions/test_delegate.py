from __future__ import annotations

import pytest

from edge.permissions.delegate import target_problem, targets


@pytest.mark.parametrize("target", ["clock/now", "a.b-c/d_e.f", "a/" + "t" * 128])
def test_a_target_names_a_plugin_and_a_tool(target: str) -> None:
    assert target_problem(target) == ""


@pytest.mark.parametrize(
    "target", ["", "clock", "clock/", "/now", "Clock/now", "a/b/c", "a/*", "*", "a/" + "t" * 129]
)
def test_no_target(target: str) -> None:
    assert target_problem(target)


def test_the_targets_are_those_that_are_allowed() -> None:
    assert targets([("kv", "1"), ("delegate", "clock/now"), ("delegate", "a/b")]) == ("clock/now", "a/b")
