from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.permissions import cli

argument_patterns = st.sampled_from(
    ["{int}", "{word}", "{path}", "{text}", "{1|2}", "{a|b/c}", "12", "a", "a/b", "-x", "{{x", "", "a b"]
)
arguments = st.one_of(
    st.text(max_size=6), st.sampled_from(["12", "a", "a/b", "-x", "{x", "b/c", "..", "/a", "a//b"])
)


@pytest.mark.parametrize(
    "pattern", ["status", "", "-x", "{int}", "{text}", "{a|b}", "{{", "{{int}", "a{int}"]
)
def test_an_argument_pattern(pattern: str) -> None:
    assert not cli.argument_problem(pattern)


@pytest.mark.parametrize("pattern", ["{", "{}", "{any}", "{int", "{int} ", "{a|}", "{|}", "{INT}", "a\0"])
def test_no_argument_pattern(pattern: str) -> None:
    assert cli.argument_problem(pattern)


@pytest.mark.parametrize(
    ("pattern", "takes", "leaves"),
    [
        ("status", ["status"], ["Status", "status ", "", "{status}"]),
        ("{int}", ["0", "0123"], ["", "-1", "+1", "1.0", "1 ", "٣", "1\n"]),
        ("{word}", ["a", "A.b_c-1", "1"], ["", "-a", ".", "..", ".a", "a/b", "a b", "é", "a;b"]),
        ("{path}", ["a", "a/b.txt"], ["", "/a", "a/", "a//b", "../a", "a/../b", "a/-b", "a/.b", "-a/b"]),
        ("{text}", ["", "a b", "é;$(x)", "\n"], ["-", "-rf", "a\0b"]),
        ("{a|-b}", ["a", "-b"], ["", "a|-b", "b"]),
        ("{{x|y}", ["{x|y}"], ["x", "y", "{{x|y}"]),
    ],
)
def test_an_argument_matches(pattern: str, takes: list[str], leaves: list[str]) -> None:
    assert [text for text in takes if not cli.argument_matches(pattern, text)] == []
    assert [text for text in leaves if cli.argument_matches(pattern, text)] == []


@given(argument_patterns, argument_patterns, arguments)
def test_an_argument_pattern_covers_what_another_matches(outer: str, inner: str, text: str) -> None:
    if cli.argument_covers(outer, inner) and cli.argument_matches(inner, text):
        assert cli.argument_matches(outer, text)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("{text}", "{path}"), ("{path}", "{word}"), ("{word}", "{int}"), ("{int}", "{1|2}"), ("{a|b}", "a")],
)
def test_wider_patterns_cover_narrower_ones_only(outer: str, inner: str) -> None:
    assert cli.argument_covers(outer, inner)
    assert not cli.argument_covers(inner, outer)
