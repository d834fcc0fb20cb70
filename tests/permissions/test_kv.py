from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.permissions import requests

amounts = st.integers(0, 1 << 53)


@given(amounts, amounts)
def test_a_quota_covers_what_is_not_larger(granted: int, asked: int) -> None:
    assert requests.covers(("kv", str(granted)), ("kv", str(asked))) is (asked <= granted)


@pytest.mark.parametrize(
    ("amount", "is_right"),
    [("0", True), ("1", True), (str(1 << 53), True), ("1.5", False), ("9" * 5000, False)],
)
def test_a_new_grant_is_a_whole_number_of_bytes(amount: str, is_right: bool) -> None:
    assert (requests.range_problem(("kv", amount)) == "") is is_right
