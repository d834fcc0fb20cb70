from __future__ import annotations

import pytest

from edge.manifest.lines import line_of, lines

TEXT = (
    '''# first
name = "a"   # not = this

text = """
hidden = 1
[hidden]
"""
'quoted key' = 'x'
a.b . "c" = 1
list = [ # [
  "one", "]",

  { x = 1,
    y = [2] },
  [3],
]
"esc\\u0061pe" = ''
[table]
key = 1979-05-27T07:32:00Z
[[many]]
a = 1
[[many]]
a = 2
[many.sub]
b = '''
    "tail"
    """
[[many.deep]]
c = "\\\\"
"""
)

EXPECTED = {
    ("name",): 2,
    ("text",): 4,
    ("quoted key",): 8,
    ("a", "b", "c"): 9,
    ("list",): 10,
    ("list", 0): 11,
    ("list", 1): 11,
    ("list", 2): 13,
    ("list", 2, "x"): 13,
    ("list", 2, "y"): 14,
    ("list", 2, "y", 0): 14,
    ("list", 3): 15,
    ("escape",): 17,
    ("table",): 18,
    ("table", "key"): 19,
    ("many",): 20,
    ("many", 0): 20,
    ("many", 0, "a"): 21,
    ("many", 1): 22,
    ("many", 1, "a"): 23,
    ("many", 1, "sub"): 24,
    ("many", 1, "sub", "b"): 25,
    ("many", 1, "deep", 0, "c"): 27,
}


@pytest.mark.parametrize("path", EXPECTED)
def test_every_value_has_its_line(path: tuple[str | int, ...]) -> None:
    assert lines(TEXT)[path] == EXPECTED[path]


def test_nothing_within_a_text_is_a_key() -> None:
    assert not [path for path in lines(TEXT) if "hidden" in path]


def test_ends_of_lines_may_be_those_of_windows() -> None:
    assert lines(TEXT.replace("\n", "\r\n")) == lines(TEXT)


def test_what_has_no_line_has_that_of_what_it_is_in() -> None:
    found = lines("a = 1\n[b]\nc = 2\n")
    assert [line_of(found, path) for path in [("b", "missing"), ("b", "c", "x"), ("missing",)]] == [2, 3, 1]
