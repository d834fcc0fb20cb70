"""Output lines that `edge inspect` has for several types of files."""

from __future__ import annotations

from edge.cli import output
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def row(name: str, text: str) -> None:
    """Shows a line."""
    output.show(f"{name:<10} {text}")


def show_origin(facts: dict[str, Any]) -> None:
    """Shows the compiler and the source."""
    compiler, source = facts["compiler"], facts["source"]
    row(
        "compiler",
        ", ".join(f"{part} {word(compiler[part])}" for part in ("edge", "wasmtime", "cranelift")),
    )
    row("source", f"{source['size']:,} bytes, sha256 {source['sha256']}")
