"""Text: names, and foreign text made safe to show.

A terminal obeys control characters, and invisible or similar characters deceive a reader. So text that Edge
did not write passes through one of these before it is shown:

    safe        one line: invisible characters and those that control a terminal become escapes
    safe_lines  the same of several lines
    phrase      foreign prose within a line of Edge's: on one line, without runs of blanks
    quoted      the same between quotation marks
    plain       text that decisions depend on (programs, hosts, names): non-ASCII characters become escapes
    word        a name: unchanged if all its characters are ordinary, else as `plain` in quotation marks

All but safe_lines take a limit of the result, in characters. They cut before they escape, so that a guest's
text is never copied as a whole. RATIONALE, "Why text is cut before it is escaped".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[int, str]
else:
    Table = dict

ENDS = "abcdefghijklmnopqrstuvwxyz0123456789"
INNER = ENDS + "._-"
MAX_NAME = 128

ORDINARY = INNER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ@+ "

LIMIT = 1000
"""Maximum characters of a line or a message."""

PART_LIMIT = 800
"""Maximum characters of foreign text in a message, so that Edge's own text fits beside it."""

MARK = len("... 4294967295 more")

BLOCK = 16 << 10
"""Characters of a piece of a long text."""

INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4\U0001d159"
"""Blank or without a width, although Unicode counts them among letters, marks and symbols."""

KNOWN = 1024


def is_plugin_name(name: str) -> bool:
    """Whether a text is 1 to 128 of a-z and 0-9, and inside also dots, underscores and dashes."""
    # Not with sets: a feature that a call does not use otherwise loads 64 kB more of the interpreter on a Pi
    # Zero.
    return 1 <= len(name) <= MAX_NAME and not (name.strip(INNER) or (name[0] + name[-1]).strip(ENDS))


def safe(text: str, limit: int = LIMIT) -> str:
    """The text on one line, without control sequences for a terminal."""
    return _fit(text, limit, _SAFE)


def safe_lines(text: str) -> str:
    """The same for several lines, of any length; line ends and tabs stay."""
    return text if text.isascii() and text.isprintable() else text.translate(_LINES)


def phrase(text: str, limit: int = PART_LIMIT) -> str:
    """Foreign prose for a line of Edge's: one line, each run of blanks a single blank."""
    head = text[: 2 * limit]
    return _fit(" ".join(head.split()), limit, _SAFE, len(text) - len(head))


def quoted(text: str, limit: int = PART_LIMIT) -> str:
    """The same in quotation marks, which the text itself cannot close."""
    return '"' + phrase(text, limit - 2).replace('"', "'") + '"'


def plain(text: str, limit: int = PART_LIMIT) -> str:
    """The text in printable ASCII on one line: no character passes for another."""
    # Two names may differ in blanks, and a run of blanks may look like a line end.
    return _fit(text, limit, _TIGHT if "  " in text[:limit] else _PLAIN)


def word(text: str, limit: int = MAX_NAME) -> str:
    """A name: unchanged if it has only letters, digits, `._-@+` and single blanks, else `plain` in quotes."""
    if text and len(text) <= limit and not text.strip(INNER):
        return text
    if text and len(text) <= limit and not text.strip(ORDINARY) and " ".join(text.split()) == text:
        return text
    return "'" + _fit(text, limit - 2, _TIGHT if "  " in text[:limit] else _NAME) + "'"


def shorten(text: str, limit: int) -> str:
    """The text, or its first `limit` characters and the number of the others; without escapes."""
    return text if len(text) <= limit else f"{text[:limit]}... {len(text) - limit} more"


def event_line(level: str, event: dict[str, Any], limit: int = LIMIT) -> str:
    """A plugin's event (wit/logging.wit) on one line, without the plugin's name."""
    name, message, attrs = event["function-name"], event["message"], event["attrs"] or ""
    more = 0
    for part in (name, message, attrs):
        if len(part) > limit:
            more += len(part) - limit
    what = f"{name[:limit]} {event['action']}"
    if event["outcome"]:
        what += f" {event['outcome']}"
    if event["duration-ms"] is not None:
        what += f" in {event['duration-ms']} ms"
    attributes = f" {attrs[:limit]}" if attrs else ""
    return _fit(f"[{level}] {what}: {message[:limit]}{attributes}", limit, _SAFE, more)


def utf8_length(text: str) -> int:
    """The length of a text in UTF-8, without copying it."""
    if text.isascii():
        return len(text)
    return sum(
        len(text[at : at + BLOCK].encode("utf-8", "surrogatepass")) for at in range(0, len(text), BLOCK)
    )


class Escapes(Table):
    """A table for `str.translate` that is filled as characters occur."""

    __slots__ = ("_escape", "_keeps")

    def __init__(self, keeps: Callable[[str], bool], escape: Callable[[str], str]) -> None:
        super().__init__()
        self._keeps = keeps
        self._escape = escape

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        found = letter if self._keeps(letter) else self._escape(letter)
        # There are a million characters, and hostile text may use them all.
        if len(self) < KNOWN:
            self[code] = found
        return found


def _fit(text: str, limit: int, table: Table, more: int = 0) -> str:
    """The text by a table, in at most `limit` characters; `more` were left out already."""
    head = text[:limit]
    escaped = head if head.isascii() and head.isprintable() and table is _SAFE else head.translate(table)
    more += len(text) - len(head)
    if not more and len(escaped) <= limit:
        return escaped
    kept, room = 0, limit - MARK
    for letter in head:
        room -= len(table[ord(letter)])
        if room < 0:
            break
        kept += 1
    return f"{head[:kept].translate(table)}... {more + len(head) - kept} more"


def is_visible(letter: str) -> bool:
    """Whether a character is visible, takes space, and controls nothing."""
    return letter.isprintable() and not (
        letter in INVISIBLE or "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
    )


def _escape(letter: str) -> str:
    """The escape of Python."""
    return ascii(letter)[1:-1] if letter < " " or letter > "~" else f"\\x{ord(letter):02x}"


_SAFE = Escapes(is_visible, _escape)
_LINES = Escapes(lambda letter: is_visible(letter) or letter in "\n\t", _escape)
_PLAIN = Escapes(lambda letter: " " <= letter <= "~", _escape)
_NAME = Escapes(lambda letter: " " <= letter <= "~" and letter != "'", _escape)
_TIGHT = Escapes(lambda letter: "!" <= letter <= "~" and letter != "'", _escape)
