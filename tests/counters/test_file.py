from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import _native as native
from edge import errors
from edge.limits.admission import Counters
from tests.counters.holding import Clock

NAME_BYTES, PLUGINS, HOLDERS = native.COUNTED_NAME, native.COUNTED_PLUGINS, native.COUNTED_HOLDERS

FILE_BYTES = 20_480


def test_a_file_that_was_taken_away_is_made_anew(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        old = counters.enter("x", memory=1)
        os.unlink(path)
        clock.now += 1
        with counters.enter("x", memory=2), Counters(path) as other:
            assert other.live() == (1, 2)
            old.close()
            assert other.live() == (1, 2)


def test_a_file_that_another_took_the_place_of_counts_no_more(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters, Counters(f"{path}-new") as other:
        old = counters.enter("x", memory=1)
        with other.enter("y", memory=2):
            os.replace(f"{path}-new", path)
            clock.now += 1
            with counters.enter("x", memory=4):
                assert other.live() == (2, 6)
                old.close()
                assert other.live() == (2, 6)


def test_a_file_that_was_emptied_is_begun_anew_and_takes_nothing_back(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters, Counters(path) as other:
        old = counters.enter("x", memory=1)
        os.truncate(path, 0)
        with other.enter("y", memory=2):
            old.close()
            assert counters.live() == other.live() == (1, 2)


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"not counters" * 9999, b"edgecnt3", b"edgecnt2" + bytes(FILE_BYTES - 8)]
)
def test_a_file_that_is_no_counters_is_begun_anew(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    Path(path).chmod(0o600)
    with Counters(path) as counters, counters.enter("x", memory=1, concurrent=1, per_minute=1):
        assert counters.live() == (1, 1)
    raw = Path(path).read_bytes()
    assert (len(raw), raw[:8]) == (FILE_BYTES, b"edgecnt3")


def test_more_plugins_in_a_minute_than_can_be_counted(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters:
        for number in range(PLUGINS):
            counters.enter(f"plugin-{number}", per_minute=9).close()
        with pytest.raises(errors.NotAdmitted, match="within a minute"):
            counters.enter("one-more", per_minute=9)
        clock.now += 62
        counters.enter("one-more", per_minute=9).close()


def test_a_plugin_whose_call_lasts_longer_than_a_minute_keeps_its_record(path: str) -> None:
    clock = Clock()
    with Counters(path, seconds=clock) as counters, counters.enter("long", per_minute=9):
        clock.now += 100
        for number in range(PLUGINS - 1):
            counters.enter(f"plugin-{number}", per_minute=9).close()
        with pytest.raises(errors.NotAdmitted, match="within a minute"):
            counters.enter("one-more", per_minute=9)
        with pytest.raises(errors.Busy):
            counters.enter("long", concurrent=1)


def test_records_of_what_ended_are_used_again(path: str) -> None:
    with Counters(path) as counters:
        for number in range(3 * HOLDERS):
            counters.enter(f"plugin-{number}", memory=1).close()
        assert counters.live() == (0, 0)


@pytest.mark.parametrize("name", ["", "x" * (NAME_BYTES + 1), "ü" * NAME_BYTES])
def test_a_name_that_does_not_fit_is_refused(path: str, name: str) -> None:
    with Counters(path) as counters, pytest.raises(errors.OptionsError, match="cannot be counted"):
        counters.enter(name)


@pytest.mark.parametrize(("memory", "per_minute"), [(-1, 0), (1 << 64, 0), (0, 1 << 32)])
def test_a_figure_out_of_range_is_refused(path: str, memory: int, per_minute: int) -> None:
    with Counters(path) as counters, pytest.raises(errors.OptionsError, match="x cannot be counted"):
        counters.enter("x", memory=memory, per_minute=per_minute)


WORDS = [0, 1, 60, 1 << 31, 1 << 32, 1 << 63, (1 << 64) - 1, os.getpid(), 1000, 1061]


@given(
    seed=st.integers(0, 1 << 32),
    share=st.sampled_from([0.0, 0.01, 0.3, 1.0]),
    words=st.lists(st.tuples(st.integers(0, 700), st.sampled_from(WORDS)), max_size=40),
    head=st.booleans(),
    passed=st.sampled_from([0, 1, 61]),
)
@settings(max_examples=300)
def test_garbage_in_the_file_ends_in_a_call_or_an_error(
    seed: int, share: float, words: list[tuple[int, int]], head: bool, passed: int
) -> None:
    from random import Random
    from tempfile import TemporaryDirectory

    random, clock = Random(seed), Clock()
    with TemporaryDirectory() as folder, Counters(f"{folder}/c", seconds=clock) as counters:
        path = Path(folder, "c")
        before = counters.enter("x", memory=5, per_minute=9)
        raw = bytearray(path.read_bytes())
        kept = bytes(raw[:8])
        for at in range(len(raw)):
            if random.random() < share:
                raw[at] = random.randrange(256)
        for at, word in words:
            raw[8 * at : 8 * at + 8] = word.to_bytes(8, "little")
        if head:
            raw[:8] = kept
        with path.open("r+b") as file:
            file.write(raw)
        clock.now += passed
        for name in ("x", "y", "y"):
            with suppress(errors.NotAdmitted, errors.Busy, errors.RateExceeded):
                counters.enter(name, memory=1, room=100, concurrent=2, per_minute=2).close()
        before.close()
        calls, memory = counters.live()
        assert calls >= 0
        assert memory >= 0
        path.unlink()
        clock.now += 1
        with counters.enter("x", memory=1, room=1, concurrent=1, per_minute=1):
            assert counters.live() == (1, 1)
