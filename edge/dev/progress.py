"""Long work of the native library, with the time it takes on standard error."""

from __future__ import annotations

import atexit
import os
import time
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable
from typing import TypeVar

from edge.cli import INTERRUPTED, output
from edge.text import safe

T = TypeVar("T")

REFRESH_SECONDS = 0.2


def watch(label: str, work: Callable[[], T]) -> T:
    """Does the work in a thread, so that Ctrl-C ends the wait at once: native code looks for no signals."""
    label = safe(label)
    outcome: list[T] = []
    failure: list[BaseException] = []

    # Not by `threading`: an interruption of its own locks ends in another error.
    done = allocate_lock()
    done.acquire()

    def target() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # handed over to the thread that waits
            failure.append(error)
        done.release()

    started = time.monotonic()
    live = os.isatty(output.STDERR)
    try:
        start_new_thread(target, ())
        while not done.acquire(timeout=REFRESH_SECONDS):
            if live:
                _show(f"\r{label} {time.monotonic() - started:.1f} s")
    except KeyboardInterrupt:
        atexit.register(_leave_unless, outcome, failure)
        raise
    finally:
        if live:
            _show("\r\033[K")
    if failure:
        raise failure[0]
    _show(f"{label} {time.monotonic() - started:.1f} s\n")
    return outcome[0]


def _leave_unless(outcome: list[T], failure: list[BaseException]) -> None:
    """Native code that goes on while the interpreter is taken down around it would crash."""
    if not (outcome or failure):
        os._exit(INTERRUPTED)


def _show(text: str) -> None:
    output.draw(text)
