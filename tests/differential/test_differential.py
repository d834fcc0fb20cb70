"""Generated modules: the same answers, the same ends and the same fuel, whatever executes them."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest

from tests.differential import compare, generate

MODULES = int(os.environ.get("EDGE_DIFFERENTIAL", "200"))


@cache
def components() -> dict[str, bytes]:
    return compare.components(range(MODULES))


@cache
def native_answers() -> compare.Answers:
    return compare.native_answers(components())


def test_the_interpreter_answers_as_native_code_does() -> None:
    assert compare.differences(native_answers(), compare.interpreter_answers(components())) == []


def test_what_is_generated_is_worth_comparing() -> None:
    answers = native_answers().values()
    assert len(answers) >= 0.9 * MODULES
    assert sum(found[-1][0] == "Answer" for found in answers) >= 0.3 * MODULES
    assert len({found[-1][2] for found in answers}) >= 0.3 * MODULES


def test_a_number_always_makes_the_same_component() -> None:
    assert generate.component(7) == generate.component(7)
    assert generate.component(7) != generate.component(11)


ANSWER = ["Answer", [1, 2], 100, 65536]
DEEP = ["Trapped", ["wasm trap: call stack exhausted"], 900, 65536]


@pytest.mark.parametrize(
    "other",
    [
        ["Answer", [1, 3], 100, 65536],
        ["Answer", [1, 2], 101, 65536],
        ["Answer", [1, 2], 100, 0],
        DEEP[:1] * 4,
    ],
    ids=["result", "fuel", "memory", "end"],
)
def test_engines_that_do_not_agree_are_told_of(other: list[Any]) -> None:
    assert len(compare.differences({"7": [ANSWER]}, {"7": [other]})) == 1


def test_a_call_more_and_a_module_less_are_differences() -> None:
    assert len(compare.differences({"7": [ANSWER]}, {"7": [ANSWER, ANSWER]})) == 1
    assert len(compare.differences({"7": [ANSWER]}, {})) == 1


def test_how_deep_a_stack_reaches_is_none() -> None:
    assert compare.differences({"7": [ANSWER, DEEP]}, {"7": [ANSWER, ANSWER]}) == []
