"""What a plugin logs at a terminal, up to as much as a person reads."""

from __future__ import annotations

from edge.cli import output
from edge.text import line, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_LINES = 200
MOST_LETTERS = 40_000
"""Also of what ends no line."""


class Told:
    """Says what a plugin logs, until it is too much; what is left out is counted."""

    __slots__ = ("_letters", "_lines", "_more", "_unended")

    def __init__(self) -> None:
        self._lines = MOST_LINES
        self._letters = MOST_LETTERS
        self._more = 0
        self._unended = False

    def log(self, plugin: str, level: str, event: dict[str, Any]) -> None:
        """Says an event."""
        self._say(f"{plugin} {line(level, event)}\n")

    def pass_on(self, _: int, written: bytes) -> None:
        """Says what the plugin writes to its standard streams."""
        *ended, rest = written.decode("utf-8", "replace").split("\n")
        for text in ended:
            self._say(f"{printable(text)}\n")
        if rest:
            self._say(printable(rest))

    def end(self, name: str) -> None:
        """Says how much was left out, and where it is."""
        more = self._more + self._unended
        if more:
            what = "1 more line" if more == 1 else f"{more} more lines"
            output.say(f"edge: {what}: edge log {name}")

    def _say(self, text: str) -> None:
        ended = text.endswith("\n")
        shown = text[: self._letters] if self._lines > 0 else ""
        self._letters -= len(shown)
        if shown:
            output.say(shown, end="")
        if shown == text:
            self._lines -= ended
            return
        self._more += ended
        self._unended = not ended
