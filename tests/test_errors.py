from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from edge import errors
from edge.text import LIMIT

HEADER = Path(__file__).parent.parent / "native" / "edge.h"
FIRST_FAILURE = 0x201
STATUSES = {
    name: int(value, 0)
    for name, value in re.findall(r"^#define (EDGE_\w+) (\w+)", HEADER.read_text(), re.MULTILINE)
    if int(value, 0) >= FIRST_FAILURE
}
KINDS: list[type[errors.EdgeError]] = [kind for kind in vars(errors).values() if isinstance(kind, type)]


@pytest.mark.parametrize("name", STATUSES)
def test_every_status_of_the_header_has_a_class_of_its_own(name: str) -> None:
    status = STATUSES[name]
    assert errors.of_status(status, "why").status == status


@pytest.mark.parametrize("name", STATUSES)
def test_the_exit_code_is_the_status_space(name: str) -> None:
    status = STATUSES[name]
    assert errors.of_status(status, "why").exit_code == status >> 8


def test_every_class_with_a_status_stands_in_the_header() -> None:
    assert {kind.status for kind in KINDS if kind.status} == set(STATUSES.values())


def test_a_status_that_is_not_known_is_a_fault_of_ours() -> None:
    assert type(errors.of_status(0x7FF, "why")) is errors.InternalFault


def test_the_tree_at_the_head_of_the_module_names_every_class() -> None:
    named = set(re.findall(r"\b[A-Z]\w+", (errors.__doc__ or "").partition("Every error")[0]))
    assert {kind.__name__ for kind in KINDS} <= named


@pytest.mark.parametrize("kind", KINDS)
def test_errors_keep_message_and_remedy_when_pickled(kind: type[errors.EdgeError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what happened", "what to do")))
    assert (type(error), error.message, error.remedy) == (kind, "what happened", "what to do")


def test_text_is_what_happened_and_what_to_do() -> None:
    assert str(errors.UsageError("no such file", "check the path")) == "no such file. check the path"
    assert str(errors.Cancelled("cancelled")) == "cancelled"


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_an_error_quotes_it_is_one_short_line(kind: type[errors.EdgeError]) -> None:
    error = kind("\x1b[2J\n\u202e" * 1_000_000, "\x9b" * 1_000_000)
    for text in (error.message, error.remedy):
        assert text.isprintable()
        assert len(text) <= LIMIT


def test_a_run_of_blanks_can_not_look_like_the_end_of_a_line() -> None:
    assert errors.UsageError(f"a  b{' ' * 80}edge: audit: {{}}").message == "a b edge: audit: {}"
    assert errors.UsageError("a  b").message == "a  b"


def test_of_ten_thousand_problems_a_hundred_are_told() -> None:
    problems = (f"line {at}: \x1b{'x' * 5000}" for at in range(10_000))
    error = errors.BadManifest("manifest.toml has 10000 problems", "", problems)
    assert (len(error.problems), error.problems[-1]) == (101, "9900 more")
    assert max(map(len, error.problems)) <= LIMIT
    assert all(map(str.isprintable, error.problems))
    assert len(error.message) <= LIMIT
