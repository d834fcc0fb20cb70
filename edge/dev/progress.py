"""Long work of the native library, with its progress.

A terminal shows one line with a counter, and one line for each finished piece of work. Elsewhere there is a
line when a piece begins, one every few seconds, and one at its end.
"""

from __future__ import annotations

import atexit
import os
import time
from _thread import start_new_thread
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from edge.text import safe

T = TypeVar("T")

Draw = Callable[[str], None]
"""Takes text for standard error unchanged, including a terminal's control characters."""

INTERRUPTED = 130
"""The exit code after Ctrl-C."""

STDERR = 2
REFRESH_SECONDS = 0.2

EVERY_SECONDS = 10
"""The interval where there is no terminal: programs that wait for output often give up after minutes."""


def watch(label: str, work: Callable[[], T], draw: Draw | None) -> T:
    """Does one piece of work, as `watch_all`."""
    return watch_all(label, {"": work}, draw=draw)[""]


def watch_all(
    what: str,
    works: Mapping[str, Callable[[], T]],
    *,
    draw: Draw | None,
    at_once: int = 1,
    stop: Callable[[], None] = lambda: None,
) -> dict[str, T]:
    """Does work in threads, so that Ctrl-C ends the wait at once: native code does not check for signals.

    `what`: precedes each name of `works`. `draw`: shows progress, None for none. `at_once`: how many run
    together, in their order. `stop`: ends those that run when one fails or the wait ends. Raises what the
    first one raised.
    """
    return _Watch(what, works, draw, at_once, stop).run()


class _Watch(Generic[T]):
    """Work in several pieces."""

    def __init__(
        self,
        what: str,
        works: Mapping[str, Callable[[], T]],
        draw: Draw | None,
        at_once: int,
        stop: Callable[[], None],
    ) -> None:
        self._what = safe(what)
        self._waiting = list(works.items())[::-1]
        self._at_once = at_once
        self._stop = stop
        self._names = list(works)
        self._started: dict[str, float] = {}
        self._results: dict[str, T] = {}
        self._failures: list[BaseException] = []
        # Not of `threading`: an interruption of its locks ends in another error.
        self._done: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._running: set[str] = set()
        self._draw: Draw = draw or _not_shown
        self._is_live = draw is not None and os.isatty(STDERR)
        self._began = self._told = time.monotonic()

    def run(self) -> dict[str, T]:
        try:
            while self._waiting or self._started:
                while self._waiting and len(self._started) < self._at_once:
                    self._begin(*self._waiting.pop())
                try:
                    end = self._done.get(timeout=REFRESH_SECONDS)
                except Empty:
                    self._show_time()
                else:
                    end()
        except BaseException:
            atexit.register(_leave_if, self._running)
            self._stop()
            raise
        finally:
            self._clear()
        if self._failures:
            raise self._failures[0]
        return {name: self._results[name] for name in self._names}

    def _begin(self, name: str, work: Callable[[], T]) -> None:
        def target() -> None:
            try:
                result = work()
            except BaseException as error:  # handed over to the thread that waits
                failure = error
                self._done.put(lambda: self._fail(name, failure))
            else:
                self._done.put(lambda: self._finish(name, result))
            self._running.discard(name)

        self._started[name] = time.monotonic()
        self._running.add(name)
        if not self._is_live:
            self._draw(f"{self._label(name)}\n")
        start_new_thread(target, ())

    def _finish(self, name: str, result: T) -> None:
        self._results[name] = result
        seconds = time.monotonic() - self._started.pop(name)
        if not self._failures:
            self._clear()
            self._draw(f"{self._label(name)} {seconds:.1f} s\n")

    def _fail(self, name: str, error: BaseException) -> None:
        del self._started[name]
        self._waiting.clear()
        if not self._failures:
            self._stop()
        self._failures.append(error)

    def _show_time(self) -> None:
        now = time.monotonic()
        label = f"{self._label(', '.join(self._started))}, {now - self._began:.1f} s so far"
        if self._is_live:
            self._draw(f"\r\033[K{label}")
        elif now - self._told >= EVERY_SECONDS:
            self._told = now
            self._draw(f"{label}\n")

    def _label(self, names: str) -> str:
        return f"{self._what} {names}".rstrip()

    def _clear(self) -> None:
        if self._is_live:
            self._draw("\r\033[K")


def _not_shown(_: str) -> None:
    """Discards progress."""


def _leave_if(running: set[str]) -> None:
    """Native code that continues during the interpreter's shutdown would crash."""
    if running:
        os._exit(INTERRUPTED)
