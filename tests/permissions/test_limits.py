from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.limits import PI_ZERO
from edge.permissions import requests
from edge.permissions.limits import LIMITS, RATES

names = st.sampled_from([*LIMITS, *RATES])
amounts = st.integers(0, 1 << 53)


@given(names, names, amounts, amounts)
def test_a_limit_covers_less_of_the_same(name: str, other: str, granted: int, asked: int) -> None:
    covers = requests.covers(("limits", name, str(granted)), ("limits", other, str(asked)))
    assert covers is (name == other and asked <= granted)


def test_every_limit_of_a_profile_but_the_hosts_own_can_be_asked_for() -> None:
    own = {"slice_fuel", "fixed", "fixed_clock", "fixed_seed"}
    assert set(LIMITS) == set(PI_ZERO.limits.__slots__) - own


def test_a_number_of_thousands_of_digits_is_beyond_every_range() -> None:
    assert all(requests.range_problem(("limits", name, "9" * 5000)) for name in (*LIMITS, *RATES))
