"""A result for display and for programs."""

from __future__ import annotations

from typing import Any

from cross.board.board import Board
from cross.board.result import Result

KB_PER_MB = 1024


def document(board: Board, result: Result) -> dict[str, Any]:
    """The JSON document of --json. Output that is not UTF-8 keeps its bytes as Python's surrogate escapes."""
    return {
        "exit": result.exit,
        "stdout": result.stdout.decode("utf-8", "surrogateescape"),
        "stderr": result.stderr.decode("utf-8", "surrogateescape"),
        "peak_rss_kb": result.peak_rss_kb,
        "peak_anon_kb": result.peak_anon_kb,
        "bare_rss_kb": board.bare.peak_rss_kb,
        "bare_anon_kb": board.bare.peak_anon_kb,
        "virtual_ms": result.virtual_ms,
        "boot_s": round(board.boot_s, 3),
        "timed_out": result.timed_out,
    }


def summary(board: Board, result: Result) -> str:
    """A summary in one line."""
    ended = "killed at its timeout" if result.timed_out else f"exit {result.exit}"
    bare = f"bare Python {_mb(board.bare.peak_rss_kb)} and {_mb(board.bare.peak_anon_kb)}"
    return (
        f"{ended}; {result.virtual_ms:.1f} ms; peak memory {_mb(result.peak_rss_kb)}, anonymous "
        f"{_mb(result.peak_anon_kb)} ({bare})"
    )


def _mb(kilobytes: int) -> str:
    return f"{kilobytes / KB_PER_MB:.1f} MB"
