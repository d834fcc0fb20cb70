from __future__ import annotations

import pytest

from edge.permissions.delegate import target_problem


@pytest.mark.parametrize("target", ["clock/now", "a.b-c/d_e.f", "a/" + "t" * 128])
def test_a_target_names_a_plugin_and_a_tool(target: str) -> None:
    assert target_problem(target) == ""


@pytest.mark.parametrize(
    "target", ["", "clock", "clock/", "/now", "Clock/now", "a/b/c", "a/*", "*", "a/" + "t" * 129]
)
def test_no_target(target: str) -> None:
    assert target_problem(target)
