"""Tool calls on the command line: arguments, configuration, secrets, results and logs."""

from __future__ import annotations

from edge import files
from edge.cli import output
from edge.limits import LOG_BYTES
from edge.text import event_line, phrase, safe, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from edge.cli.options import Arguments
    from edge.plugin_log import Log, Output
    from edge.runtime import ToolResult

    T = TypeVar("T")

STDIN = 0

LINE_LIMIT = 4000
"""Maximum characters of a plugin's log line."""

GROWTH = 4
"""Shown characters per logged byte: the plugin's name and escapes make lines longer."""


def arguments(word: str) -> bytes:
    """The arguments as JSON text; `-` reads them from stdin."""
    if word != "-":
        return files.encode(word)
    try:
        return files.read_all(STDIN)
    except OSError as error:
        files.raise_for("standard input", error)


def config(arguments: Arguments) -> bytes | None:
    """The configuration of --config: JSON text, or the content of the file after an @."""
    text: str | None = arguments.get("config")
    if text is None:
        return None
    if not text.startswith("@"):
        return files.encode(text)
    from edge.files.encoding import check

    return check(files.read_input(text[1:]), text[1:])


def secrets(arguments: Arguments) -> dict[str, str]:
    """The secrets of --secret, read from files."""
    return {name: _secret(path) for name, path in arguments.get("secret", ())}


def _secret(path: str) -> str:
    from edge.cli.passphrase import secret_text

    return secret_text(files.read_input(path), path)


def show(arguments: Arguments, name: str, result: ToolResult, milliseconds: float) -> int:
    """Shows a result and returns the exit code, 1 if the tool reports a failure."""
    if arguments.options.get("json"):
        output.document(_facts(result, milliseconds))
    else:
        if result.output:
            output.answer(result.output, foreign=True)
        if result.error:
            output.say(f"edge: {word(name)} says: {phrase(result.error)}")
    if arguments.options.get("stats"):
        stats = result.stats
        output.say(
            f"fuel {stats.fuel}, memory {stats.memory_bytes >> 10} kB, host calls {stats.host_calls}, "
            f"slices {stats.slices}, {milliseconds:.1f} ms"
        )
    return 0 if result.success else 1


def _facts(result: ToolResult, milliseconds: float) -> dict[str, Any]:
    stats = result.stats
    return {
        "success": result.success,
        "output": result.output,
        "error": result.error,
        "fuel": stats.fuel,
        "memory_bytes": stats.memory_bytes,
        "host_calls": stats.host_calls,
        "slices": stats.slices,
        "log_dropped": stats.log_dropped,
        "call_ms": round(milliseconds, 3),
    }


class GuestLog:
    """A plugin's log on stderr. Each line starts with the plugin's name, so none looks like one of Edge's.

    Events are `NAME [level] text`, lines of its standard streams `NAME| text`. Lines above the limits are
    counted.

    name  name of the plugin, as shown
    left  characters that may still be shown
    """

    __slots__ = ("_keep", "_lines", "_more", "_open", "left", "name")

    def __init__(
        self,
        name: str = "",
        *,
        log_bytes: int = LOG_BYTES,
        lines: int = 0,
        keep: tuple[Log, Output] | None = None,
    ) -> None:
        """`log_bytes`: the limit of the call. `lines`: maximum shown lines, 0 for no limit.

        `keep`: sinks that receive everything as well (edge.plugin_log).
        """
        self.name = word(name)
        self.left = GROWTH * log_bytes
        self._keep = keep
        self._lines = lines or self.left
        self._more = 0
        self._open: dict[int, bytes] = {}

    def log(self, plugin: str, level: str, event: dict[str, Any]) -> None:
        """Shows an event. The component's own name is ignored, as it may be that of another plugin."""
        self._end_lines()
        self._say((f"{self.name} {event_line(level, event, LINE_LIMIT)}",), str)
        if self._keep:
            self._keep[0](plugin, level, event)

    def write(self, stream: int, written: bytes) -> None:
        """Shows output of a standard stream, line by line."""
        if self._keep:
            self._keep[1](stream, written)
        if not self._lines:
            # No more lines are shown, so they are only counted.
            self._more += written.count(b"\n")
            written = written[written.rfind(b"\n") + 1 :][:1]
        *whole, rest = (self._open.pop(stream, b"") + written).split(b"\n")
        if len(rest) > LINE_LIMIT:
            whole.append(rest)
        elif rest:
            self._open[stream] = rest
        self._say(whole, self._line)

    def end(self, where: str = "") -> None:
        """Shows the last line and the number of omitted lines; `where`: a command that shows them."""
        self._end_lines()
        if self._more:
            lines = "1 more line" if self._more == 1 else f"{self._more} more lines"
            output.say(f"edge: {lines}{': ' if where else ' of its log'}{where}")

    def _end_lines(self) -> None:
        """Shows unfinished lines."""
        if self._open:
            self._say(tuple(self._open.values()), self._line)
            self._open.clear()

    def _line(self, line: bytes) -> str:
        text = line.removesuffix(b"\r").decode("utf-8", "replace")
        return f"{self.name}| {safe(text, LINE_LIMIT)}"

    def _say(self, lines: Sequence[T], spelled: Callable[[T], str]) -> None:
        shown: list[str] = []
        for line in lines:
            if not self._lines:
                break
            text = spelled(line)
            if len(text) >= self.left:
                self._lines = 0
                break
            self._lines -= 1
            self.left -= len(text) + 1
            shown.append(text)
        self._more += len(lines) - len(shown)
        if shown:
            output.say_lines("\n".join(shown))
