from __future__ import annotations

import pytest

from edge import errors
from edge.operations.limit_remedy import explain_run, limit_of


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (errors.OverLimit("a: it wanted 9 bytes of memory; then: undefined element in a table"), "memory"),
        (errors.OverLimit("a: host calls: more than 5 in one call"), "host_calls"),
        (errors.OverLimit("Crossing: 9 bytes of parameters, the limit is 5"), "crossing_bytes"),
        (errors.OverLimit("a: it starts with 9 bytes of memory, its limit is 5"), "memory"),
        (errors.OverLimit("table: pollables: more than 9 at once"), ""),
        (errors.Trapped("a: out of bounds memory access"), ""),
    ],
)
def test_the_limit_is_the_one_that_was_gone_over(error: Exception, limit: str) -> None:
    assert limit_of(error) == limit


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("a: it wanted 9 bytes of memory; then: unreachable", "--memory MB"),
        ("a: it starts with 9 bytes of memory, its limit is 5", "-z stack-size=65536"),
        ("a: host calls: more than 5 in one call", "--host-calls N"),
        ("Crossing: 9 bytes of parameters, the limit is 5", "Declare crossing_bytes under [edge.limits]"),
    ],
)
def test_whoever_runs_a_file_is_told_the_option(message: str, remedy: str) -> None:
    error = errors.OverLimit(message)
    explain_run(error)
    assert remedy in error.remedy


def test_errors_of_other_kinds_keep_their_remedy() -> None:
    error = errors.Trapped("a: unreachable")
    explain_run(error)
    assert error.remedy == errors.Trapped.advice
