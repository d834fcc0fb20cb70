"""A tool's call on the command line: where its arguments come from, where what it says goes."""

from __future__ import annotations

from edge import files
from edge.cli import output
from edge.text import line, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.plugin import ToolResult

STDIN = 0


def arguments(word: str) -> bytes:
    """The arguments as they were given, or with `-` what standard input says."""
    if word != "-":
        return files.encode(word)
    try:
        return files.read_all(STDIN)
    except OSError as error:
        files.raise_for("standard input", error)


def show(given: Given, name: str, result: ToolResult, milliseconds: float) -> int:
    """Shows an answer; the exit code is 1 when the tool says that it did not succeed."""
    if given.get("json"):
        output.document(_facts(result, milliseconds))
    else:
        if result.output:
            output.answer(result.output)
        if result.error:
            output.say(f"edge: {name} says: {printable(result.error)}")
    if given.get("stats"):
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
        "call_ms": round(milliseconds, 3),
    }


def log(plugin: str, level: str, event: dict[str, Any]) -> None:
    """Says what a plugin logs."""
    output.say(f"{plugin} {line(level, event)}")


def pass_on(_: int, written: bytes) -> None:
    """Says what a plugin writes to its standard streams."""
    text = written.decode("utf-8", "replace")
    output.say("\n".join(map(printable, text.split("\n"))), end="")
