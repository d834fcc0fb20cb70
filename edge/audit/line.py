"""An entry as a line: JSON in printable ASCII, shorter than LINE_BYTES whatever the event contains."""

from __future__ import annotations

from edge.json_text import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Event = dict[str, Any]

LINE_BYTES = 4096
CUTS = (1024, 256, 64, 16)
"""Length limits of texts, tried one after the other until the line is short enough."""

SHOWN_LETTERS = 256

FIRST = ("event", "plugin")

ITEMS_FOR = 8
"""A list may have one item per so many characters that a text may have."""

MAX_DEPTH = 4
LARGEST = 1 << 63

NOT_KEPT = frozenset(("passphrase", "password", "private_key", "secret", "secrets", "seed", "token", "value"))
KEPT_BACK = "(not kept)"

BEGINNING = b'{"seq": '
NOTHING = "0" * 64


def line(head: Event, event: Event, longest: int = CUTS[0]) -> bytes:
    """The line of an entry, with its line end. Names in `head` override those of the event."""
    # What is cut off is at the end.
    ordered = {name: event[name] for name in FIRST if name in event}
    ordered.update(event)
    own = {name: value for name, value in ordered.items() if name not in head}
    for most in CUTS:
        if most <= longest:
            found = _line({**head, **_cut(own, most)})
            if len(found) < LINE_BYTES:
                return found
    short = {name: own[name] for name in FIRST if isinstance(own.get(name), str)}
    return _line({**head, **_cut(short, CUTS[-1]), "cut": True})


def shown(event: Event) -> str:
    """An event on one line, for display."""
    return line({}, event, SHOWN_LETTERS).decode().rstrip("\n")


def parse(raw: bytes) -> Event | None:
    """The entry of a line; None if it is not an entry."""
    from edge import _native as native
    from edge import errors

    try:
        found = native.read_json(raw)
    except errors.EdgeError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("prev"), str):
        return None
    return found if isinstance(found.get("seq"), int) else None


def number(raw: bytes) -> int:
    """The number of an entry, read from its line without parsing JSON; 0 if there is none."""
    digits = raw[len(BEGINNING) :].partition(b",")[0]
    return int(digits) if raw.startswith(BEGINNING) and digits.isdigit() else 0


def digest(raw: bytes) -> str:
    """SHA-256 of a line with its line end, in hexadecimal digits; NOTHING for an empty line."""
    if not raw:
        return NOTHING
    import hashlib

    return hashlib.sha256(raw).hexdigest()


def _line(entry: Event) -> bytes:
    return json_text(entry, ascii_only=True).encode() + b"\n"


def _cut(value: Any, most: int, depth: int = 0) -> Any:
    """Plain data with every part bounded."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < LARGEST):
        return value
    if isinstance(value, float) and abs(value) < LARGEST:
        return value
    items = most // ITEMS_FOR
    if isinstance(value, dict) and depth < MAX_DEPTH:
        found = {
            _cut_text(str(name), most): KEPT_BACK if name in NOT_KEPT else _cut(item, most, depth + 1)
            for name, item in list(value.items())[:items]
        }
        return {**found, "...": f"{len(value) - items} more"} if len(value) > items else found
    if isinstance(value, (list, tuple)) and depth < MAX_DEPTH:
        listed = [_cut(item, most, depth + 1) for item in value[:items]]
        return [*listed, f"... {len(value) - items} more"] if len(value) > items else listed
    return _cut_text(str(value), most)


def _cut_text(text: str, most: int) -> str:
    # File names may contain lone surrogates, which JSON cannot represent.
    head = text[:most].encode("utf-8", "backslashreplace").decode()
    return head if len(text) <= most else f"{head}... {len(text) - most} more"
