"""Plain data as JSON in which nothing controls a terminal: the json module costs a Pi Zero 1 MB and 60 ms."""

from __future__ import annotations

from edge.text import BLOCK, Escapes, is_visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from edge.text import Table


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """The document in one line."""
    return "".join(json_pieces(value, _ASCII_JSON if ascii_only else None))


def json_pieces(value: Any, table: Table | None = None) -> Iterator[str]:
    """The same in pieces, so that a long text in it is never copied whole."""
    if table is None:
        table = _JSON
    if isinstance(value, str):
        if len(value) <= BLOCK:
            yield f'"{value.translate(table)}"'
            return
        yield '"'
        for at in range(0, len(value), BLOCK):
            yield value[at : at + BLOCK].translate(table)
        yield '"'
    elif isinstance(value, dict):
        before = "{"
        for name, item in value.items():
            yield before
            yield from json_pieces(str(name), table)
            yield ": "
            yield from json_pieces(item, table)
            before = ", "
        yield "}" if value else "{}"
    elif isinstance(value, (list, tuple)):
        before = "["
        for item in value:
            yield before
            yield from json_pieces(item, table)
            before = ", "
        yield "]" if value else "[]"
    else:
        # By identity: 1 is no true.
        yield (
            "null"
            if value is None
            else "true"
            if value is True
            else "false"
            if value is False
            else repr(value)
        )


def _escape_in_json(letter: str) -> str:
    raw = letter.encode("utf-16-be", "surrogatepass")
    return "".join([f"\\u{raw[at]:02x}{raw[at + 1]:02x}" for at in range(0, len(raw), 2)])


_JSON = Escapes(is_visible, _escape_in_json)
_ASCII_JSON = Escapes(lambda _: False, _escape_in_json)
for _table in (_JSON, _ASCII_JSON):
    # Nearly all text is made of these.
    _table.update((code, chr(code)) for code in range(ord(" "), ord("~") + 1))
    _table.update({34: '\\"', 92: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t"})
