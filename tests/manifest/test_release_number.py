from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.manifest.release_number import derive, order

parts = st.integers(0, 999)
versions = st.tuples(parts, parts, parts).filter(any)


def spelled(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


@given(versions, versions)
def test_numbers_are_in_the_order_of_versions(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    assert (derive(spelled(one)) < derive(spelled(other))) == (one < other)


@given(versions)
def test_a_number_reads_as_its_version(version: tuple[int, int, int]) -> None:
    major, minor, patch = version
    assert derive(spelled(version)) == major * 1_000_000 + minor * 1_000 + patch > 0


@pytest.mark.parametrize(
    ("version", "number"),
    (
        *(("1", 1_000_000), ("1.2", 1_002_000), ("v1.0", 1_000_000), ("V1.2.3", 1_002_003)),
        *(("2024.1.0", 2_024_001_000), ("2024.01.05", 2_024_001_005), ("20240105", 20_240_105_000_000)),
    ),
)
def test_a_number_follows_from_versions_as_people_write_them(version: str, number: int) -> None:
    assert derive(version) == number


@pytest.mark.parametrize(
    "version",
    (
        *(
            "",
            "1.2.3.4",
            "1.2.1000",
            "1.1000",
            "0.0.0",
            "v0",
            "1..3",
            "1.2.x",
            "1.2.3-rc1",
            "-1.2.3",
            "+1.2.3",
        ),
        *("1.2.3 ", "1_0.2.3", "1.2.\u0663", "1,2,3", "1!1.2.3", "20240105093000"),
    ),
)
def test_no_number_follows_from_other_versions(version: str) -> None:
    assert derive(version) == 0


@given(st.text("v0123456789.", max_size=12), st.text("v0123456789.", max_size=12))
def test_numbers_never_contradict_the_order_of_versions(one: str, other: str) -> None:
    if derive(one) and derive(other):
        before, after = order(one), order(other)
        assert before is not None
        assert after is not None
        assert (derive(one) < derive(other)) == (before < after)


IN_ORDER = (
    *(
        "1.0.dev1",
        "1.0.0-0",
        "1.0.0-alpha",
        "1.0a1.dev1",
        "1.0.0-alpha.1",
        "1.0a2",
        "1.0.0-alpha.beta",
        "1.0b1",
    ),
    *("1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0rc9", "1.0.0-rc10", "v1.0.0", "1.0+abc", "1.0.0+1"),
    *("1.0.0+2", "1.0.post1.dev2", "1.0.post1", "1.0.0.1", "1.0.1000", "1.1", "1.2", "2024.1.0", "1!0.1"),
)
"""Each is newer than the one before, by PEP 440, by SemVer or by both."""


@pytest.mark.parametrize(("older", "newer"), list(zip(IN_ORDER, IN_ORDER[1:])))
def test_versions_are_ordered_as_people_order_them(older: str, newer: str) -> None:
    one, other = order(older), order(newer)
    assert one is not None
    assert other is not None
    assert one < other


@pytest.mark.parametrize(
    "version", ("", "banana", "latest", "v", "1..2", "-1", "1.0 beta", "1.0.0-", "1.\xb2")
)
def test_what_is_no_version_has_no_place_among_them(version: str) -> None:
    assert order(version) is None


@given(st.text("0123456789abrcvdepost.-+!", max_size=64), st.text("0123456789abrcvdepost.-+!", max_size=64))
def test_any_two_versions_have_an_order(one: str, other: str) -> None:
    before, after = order(one), order(other)
    if before is not None and after is not None:
        assert (before < after) + (before == after) + (before > after) == 1


def test_ordering_takes_no_longer_than_reading() -> None:
    started = time.perf_counter()
    order("1.0" + "a-" * 30 + "a!")
    assert time.perf_counter() - started < 0.1
