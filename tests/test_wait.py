from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable

import pytest

from edge import Call, Limits, errors
from edge.wait import Wake, wait
from tests.support.descriptors import descriptors
from tests.support.limits_guest import load

LONG = 60.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def asking(host: Callable[[Call], Any], deadline: float = LONG) -> Call:
    """A call that asks a host function once, which does what is given."""

    def ask(call: Call) -> tuple[()]:
        host(call)
        return ()

    return load(ask).instance(Limits(deadline=deadline)).start("ask", 1)


def later(act: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(0.1, act)
    timer.start()
    return timer


def test_a_host_waits_until_there_is_something_to_read(pipe: tuple[int, int]) -> None:
    found: list[list[int]] = []
    call = asking(lambda call: found.append(wait(call, readable=[pipe[0]])))
    timer = later(lambda: os.write(pipe[1], b"x"))
    call.run()
    timer.join()
    assert found == [[pipe[0]]]


def test_a_host_waits_until_there_is_room_to_write(pipe: tuple[int, int]) -> None:
    found: list[list[int]] = []
    asking(lambda call: found.append(wait(call, readable=[pipe[0]], writable=[pipe[1]]))).run()
    assert found == [[pipe[1]]]


def test_a_descriptor_may_be_waited_for_both_ways(pipe: tuple[int, int]) -> None:
    found: list[list[int]] = []
    asking(lambda call: found.append(wait(call, readable=[pipe[1]], writable=[pipe[1]]))).run()
    assert found == [[pipe[1]]]


def test_a_host_that_waits_long_enough_goes_on(pipe: tuple[int, int]) -> None:
    found: list[list[int]] = []
    started = time.monotonic()
    asking(lambda call: found.append(wait(call, readable=[pipe[0]], seconds=0.05))).run()
    assert found == [[]]
    assert time.monotonic() - started >= 0.05


def test_the_deadline_ends_a_wait(pipe: tuple[int, int]) -> None:
    reached: list[float] = []

    def host(call: Call) -> None:
        try:
            wait(call, readable=[pipe[0]])
        finally:
            reached.append(call.time_left())

    with pytest.raises(errors.DeadlineExceeded):
        asking(host, deadline=0.1).run()
    assert reached == [0]


def test_the_deadline_ends_a_longer_wait(pipe: tuple[int, int]) -> None:
    with pytest.raises(errors.DeadlineExceeded):
        asking(lambda call: wait(call, readable=[pipe[0]], seconds=LONG), deadline=0.1).run()


def test_cancel_ends_a_wait(pipe: tuple[int, int]) -> None:
    seen: list[Exception] = []

    def host(call: Call) -> None:
        try:
            wait(call, readable=[pipe[0]])
        except errors.Cancelled as error:
            seen.append(error)
            raise

    call = asking(host)
    timer = later(call.cancel)
    with pytest.raises(errors.Cancelled):
        call.run()
    timer.join()
    assert len(seen) == 1


def test_a_call_that_was_cancelled_before_does_not_wait(pipe: tuple[int, int]) -> None:
    def host(call: Call) -> None:
        call.cancel()
        wait(call, readable=[pipe[0]])

    with pytest.raises(errors.Cancelled):
        asking(host).run()


def test_a_host_that_catches_it_is_ended_all_the_same(pipe: tuple[int, int]) -> None:
    def host(call: Call) -> None:
        try:
            wait(call, readable=[pipe[0]])
        except errors.EdgeError:
            return

    with pytest.raises(errors.DeadlineExceeded):
        asking(host, deadline=0.1).run()


def test_waiting_leaves_no_descriptor(pipe: tuple[int, int]) -> None:
    counts: list[int] = []

    def host(call: Call) -> None:
        counts.append(len(descriptors()))
        wait(call, readable=[pipe[0]], seconds=0)
        counts.append(len(descriptors()))
        try:
            wait(call, readable=[pipe[0]])
        finally:
            counts.append(len(descriptors()))

    with pytest.raises(errors.DeadlineExceeded):
        asking(host, deadline=0.01).run()
    assert len(set(counts)) == 1


def test_waking_what_is_closed_does_nothing() -> None:
    wake = Wake()
    wake.close()
    # The number of its descriptor may be somebody else's by now.
    ends = os.pipe()
    wake()
    os.set_blocking(ends[0], False)
    with pytest.raises(BlockingIOError):
        os.read(ends[0], 1)
    for end in ends:
        os.close(end)


def test_a_wake_that_was_cleared_ends_no_poll() -> None:
    import select

    wake = Wake()
    poll = select.poll()
    poll.register(wake.fd, select.POLLIN)
    wake()
    assert poll.poll(0)
    wake.clear()
    assert not poll.poll(0)
    wake.close()
