"""Lines of `edge inspect` that files of several kinds have."""

from __future__ import annotations

from edge.cli import output
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def row(name: str, text: str) -> None:
    """A line of what is shown."""
    output.show(f"{name:<10} {text}")


def show_origin(facts: dict[str, Any]) -> None:
    """Of what and by what it was made."""
    compiler, source = facts["compiler"], facts["source"]
    row(
        "compiler",
        ", ".join(f"{part} {word(compiler[part])}" for part in ("edge", "wasmtime", "cranelift")),
    )
    row("source", f"{source['size']:,} bytes, sha256 {source['sha256']}")
