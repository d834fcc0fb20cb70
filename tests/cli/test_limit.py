from __future__ import annotations

import pytest

from edge import errors
from edge.cli.limit import limit_of


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (errors.OverLimit("a: it wanted 9 bytes of memory; then: undefined element in a table"), "memory"),
        (errors.OverLimit("a: host calls: more than 5 in one call"), "host_calls"),
        (errors.OverLimit("table: pollables: more than 9 at once"), ""),
        (errors.Trapped("a: out of bounds memory access"), ""),
    ],
)
def test_the_limit_is_the_one_that_was_gone_over(error: Exception, limit: str) -> None:
    assert limit_of(error) == limit
