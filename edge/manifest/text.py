"""Parses the text of a manifest, with the lines of its parts."""

from __future__ import annotations

from edge.files import BYTE_ORDER_MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest import Problem
    from edge.manifest.lines import Path

MAX_BYTES = 256 << 10
"""Hostile text of this size takes a PC up to 2 s, and a Pi Zero many times that."""


def read(text: str | bytes, file: str) -> tuple[dict[str, Any], dict[Path, int]]:
    """The document, and lines by path. Raises `errors.BadManifest` with the line if it is not TOML."""
    from edge.manifest import Problem, refuse
    from edge.manifest.lines import lines

    if isinstance(text, bytes):
        from edge.files.encoding import problem

        wrong, remedy = problem(text, file)
        if wrong:
            refuse(file, [Problem(1, wrong)], remedy)
        try:
            text = text.removeprefix(BYTE_ORDER_MARK).decode()
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            refuse(file, [Problem(line, "the file is not UTF-8")])
    if len(text) > MAX_BYTES:
        refuse(file, [Problem(1, f"the file is longer than {MAX_BYTES >> 10} kB")])
    loads = _parser()
    try:
        return loads(text), lines(text)
    except ValueError as error:
        refuse(file, [_syntax(text, str(error))])
    except RecursionError:
        refuse(file, [Problem(1, "arrays and tables are nested too deeply")])


def _parser() -> Any:
    try:
        import tomllib
    except ImportError:
        try:
            import tomli as tomllib  # type: ignore[import-not-found, no-redef, unused-ignore]
        except ImportError:
            from edge import errors

            raise errors.EnvironmentFault(
                "Reading TOML requires Python 3.11 or newer, or the package tomli",
                "`sudo apt install python3-tomli`, or `pip install tomli`",
            ) from None
    return tomllib.loads


def _syntax(text: str, message: str) -> Problem:
    """The parser ends its messages with `(at line 3, column 7)` or `(at end of document)`."""
    from edge.manifest import Problem

    reason, _, place = message.rpartition(" (at ")
    if place.startswith("line "):
        return Problem(int(place[len("line ") :].partition(",")[0]), reason)
    return Problem(text.count("\n") + 1, f"{reason or message}, at the end of the file")
