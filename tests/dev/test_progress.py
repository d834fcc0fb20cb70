"""What is shown of long work, at a terminal and elsewhere, and how it ends."""

from __future__ import annotations

import re
import time
from _thread import allocate_lock
from typing import Callable

import pytest

from edge.dev import progress
from edge.dev.progress import watch, watch_all

TIME = re.compile(r"\d+\.\d s")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to standard error, piece by piece, times without their figures."""
    pieces: list[str] = []
    monkeypatch.setattr(progress, "REFRESH_SECONDS", 0.01)
    return pieces


def into(shown: list[str]) -> Callable[[str], None]:
    return lambda text: shown.append(TIME.sub("T s", text))


def test_elsewhere_each_piece_has_a_line_at_its_beginning_and_its_end(shown: list[str]) -> None:
    found = watch_all("f: for", {"a": lambda: 1, "b": lambda: 2}, draw=into(shown))
    assert (found, list(found)) == ({"a": 1, "b": 2}, ["a", "b"])
    assert shown == ["f: for a\n", "f: for a T s\n", "f: for b\n", "f: for b T s\n"]


def test_elsewhere_a_line_says_every_few_seconds_what_is_under_way(
    shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    until = waits_for(shown, 3, "f: for a, b, T s so far\n")
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
    watch_all("f: for", {"a": until, "b": until}, at_once=2, draw=into(shown))
    assert shown[:2] == ["f: for a\n", "f: for b\n"]


def test_nothing_is_shown_between_before_the_seconds_are_over(shown: list[str]) -> None:
    watch("f", lambda: time.sleep(0.05), into(shown))
    assert shown == ["f\n", "f T s\n"]


def waits_for(shown: list[str], count: int, line: str) -> Callable[[], None]:
    def until() -> None:
        while shown.count(line) < count:
            time.sleep(0.001)

    return until


def test_a_terminal_has_one_line_that_counts(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda _: True)
    watch_all("f: for", {"a": waits_for(shown, 2, "\r\033[Kf: for a, T s so far")}, draw=into(shown))
    assert set(shown) == {"\r\033[Kf: for a, T s so far", "\r\033[K", "f: for a T s\n"}
    assert shown[-2:] in (["f: for a T s\n", "\r\033[K"],)


@pytest.mark.parametrize("at_once", [1, 2, 9])
def test_so_many_are_under_way_at_once(at_once: int, shown: list[str]) -> None:
    lock, running, most = allocate_lock(), [0], [0]

    def work() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.05)
        with lock:
            running[0] -= 1

    watch_all("f", {str(number): work for number in range(5)}, at_once=at_once, draw=into(shown))
    assert most == [min(at_once, 5)]


def test_the_first_failure_ends_the_others_and_is_raised(shown: list[str]) -> None:
    stopped = allocate_lock()
    stopped.acquire()

    def fail() -> None:
        raise ValueError("first")

    def wait() -> None:
        with stopped:
            raise ValueError("ended")

    works = {"a": wait, "b": fail, "c": wait}
    with pytest.raises(ValueError, match="first"):
        watch_all("f", works, at_once=2, stop=stopped.release, draw=into(shown))
    assert shown == ["f a\n", "f b\n"]
