from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.manifest.versions import derive

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
    "version",
    (
        *("", "1", "1.2", "1.2.3.4", "1.2.1000", "1000.0.0", "01.2.3", "0.00.1", "0.0.0", "1..3", "1.2.x"),
        *("1.2.3-rc1", "-1.2.3", "+1.2.3", "v1.2.3", "1.2.3 ", "1_0.2.3", "1.2.\u0663", "1,2,3"),
    ),
)
def test_no_number_follows_from_what_is_written_otherwise(version: str) -> None:
    assert derive(version) == 0


@given(st.text() | st.text("0123456789.", max_size=12))
def test_two_texts_never_have_the_same_number(text: str) -> None:
    number = derive(text)
    if number:
        assert text == f"{number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"
