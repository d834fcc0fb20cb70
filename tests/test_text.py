"""What strangers wrote, made safe; plain data as JSON."""

from __future__ import annotations

import json
import sys
import tracemalloc
import unicodedata
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import json_text, text

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)

HARMFUL = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
ALL = "".join(map(chr, range(sys.maxunicode + 1)))
ONE_LINE = [text.safe, text.phrase, text.quoted, text.plain, text.word]
ASCII_ONLY = [text.plain, text.word]

# Of those that Unicode calls default-ignorable, some that are letters and marks (DerivedCoreProperties.txt).
IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u3164\uffa0\ufe00\ufe0f\U000e0100\U000e01ef"

hostile = st.text() | st.text(
    st.sampled_from("\x00\x07\x1b\x7f\x9b\u202e\u200b\u2028\ud800\U000e0001 \t\n'\"a\u0430")
)


def harmful(shown: str) -> set[str]:
    return {letter for letter in shown if unicodedata.category(letter) in HARMFUL or letter in IGNORABLE}


@given(hostile, st.integers(40, 400))
def test_nothing_on_one_line_controls_a_terminal_or_is_longer_than_the_limit(
    written: str, limit: int
) -> None:
    for function in ONE_LINE:
        shown = function(written, limit)
        assert not harmful(shown)
        assert len(shown) <= limit
    for function in ASCII_ONLY:
        assert function(written, limit).isascii()


@pytest.mark.parametrize("function", ONE_LINE)
def test_every_character_there_is(function: Callable[..., str]) -> None:
    for at in range(0, len(ALL), 80):
        assert not harmful(function(ALL[at : at + 80], 2000))


def test_several_lines_keep_line_ends_and_tabs_only() -> None:
    assert harmful(text.safe_lines(ALL)) == {"\n", "\t"}


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=text.LIMIT))
def test_printable_ascii_stays_as_it_is(written: str) -> None:
    assert text.safe(written) == written
    assert text.safe_lines(written) == written


def test_what_is_seen_of_strangers_text() -> None:
    assert text.safe("a\n\x1b[2J\u202e\x7f\x9bé") == r"a\n\x1b[2J\u202e\x7f\x9bé"
    assert text.safe_lines("a\n\tb\x1b\r") == "a\n\tb\\x1b\\r"
    assert text.phrase("  one\n\n two \u2003 three ") == "one two three"
    assert text.quoted('say "yes"\n') == "\"say 'yes'\""
    assert text.plain("/usr/bin/g\u0456t\u200b") == r"/usr/bin/g\u0456t\u200b"
    assert text.plain("a" + 3 * " ") == r"a\x20\x20\x20"
    assert [
        text.word(name) for name in ("cron-next", "this machine", "a  b", "", "it's", "\u0430", "x:")
    ] == [*["cron-next", "this machine", r"'a\x20\x20b'", "''", r"'it\x27s'", r"'\u0430'", "'x:'"]]


def test_what_is_cut_off_is_counted() -> None:
    assert text.safe("x" * 1001, 100) == "x" * 81 + "... 920 more"
    assert text.safe("\x1b" * 50, 100) == r"\x1b" * 20 + "... 30 more"
    assert text.safe("\x1b" * 25, 100) == r"\x1b" * 25
    assert text.shorten("abcdef", 4) == "abcd... 2 more"


@pytest.mark.parametrize("letter", ["x", "\x1b", " ", "é", "\u202e", "\U0001f600", "\U000e0001"])
@pytest.mark.parametrize("function", [*ONE_LINE, text.utf8_length])
def test_a_long_text_is_never_copied(function: Callable[[str], Any], letter: str) -> None:
    written = letter * 3_900_000
    function(letter)
    tracemalloc.start()
    function(written)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


@given(st.text())
def test_bytes_of_utf_8_are_counted(written: str) -> None:
    assert text.utf8_length(written * 3) == len((written * 3).encode("utf-8", "surrogatepass"))


@given(documents)
def test_json_reads_what_is_written(document: Any) -> None:
    for ascii_only in (False, True):
        written = json_text.json_text(document, ascii_only=ascii_only)
        assert json.loads(written) == document
        assert not harmful(written)
    assert written.isascii()


def test_json_of_every_character_reads_the_same_and_is_safe_for_a_terminal() -> None:
    # Backwards no two surrogates make a pair.
    written = json_text.json_text(ALL[::-1])
    assert not harmful(written)
    assert json.loads(written) == ALL[::-1]


def test_pieces_of_json_are_short_however_long_a_text_is() -> None:
    pieces = list(json_text.json_pieces({"output": "\x1b" * 1_000_000}))
    assert max(map(len, pieces)) <= 6 * text.BLOCK
    assert json.loads("".join(pieces)) == {"output": "\x1b" * 1_000_000}
