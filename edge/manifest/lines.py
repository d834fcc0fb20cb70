"""The line of each value in a TOML text, which tomllib does not report.

The text is already parsed, so this assumes valid TOML and checks nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Path = tuple[Union[str, int], ...]

BARE_END = " \t=.]\n"


def lines(text: str) -> dict[Path, int]:
    """The line, counted from 1, of every table, key and array element, by its path in the document."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of a value, or of its innermost parent that has one."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


class _Scanner:
    __slots__ = ("at", "counts", "found", "line", "table", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.table: Path = ()
        self.counts: dict[Path, int] = {}
        self.found: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        while self._skip_blank():
            if self.text.startswith("[[", self.at):
                self._move(2)
                self._header(many=True)
            elif self.text[self.at] == "[":
                self._move(1)
                self._header(many=False)
            else:
                self._pair(self.table)
        return self.found

    def _header(self, *, many: bool) -> None:
        keys = self._keys()
        path: Path = ()
        for key in keys[:-1]:
            self.found.setdefault((*path, key), self.line)
            path = self._latest((*path, key))
        path = (*path, keys[-1])
        self.found.setdefault(path, self.line)
        if many:
            self.counts[path] = self.counts.get(path, -1) + 1
            path = self._latest(path)
            self.found[path] = self.line
        self.table = path
        self._move(2 if many else 1)

    def _latest(self, path: Path) -> Path:
        """A table of an array of tables is its latest one."""
        return (*path, self.counts[path]) if path in self.counts else path

    def _pair(self, table: Path) -> None:
        started = self.line
        path = table
        for key in self._keys():
            path = (*path, key)
            self.found.setdefault(path, started)
        self._move(1)
        self._value(path)

    def _keys(self) -> list[str]:
        """A dotted key, up to the sign after it."""
        keys = []
        while True:
            self._skip_spaces()
            if self.text[self.at] in "\"'":
                keys.append(self._string())
            else:
                start = self.at
                while self.text[self.at] not in BARE_END:
                    self._move(1)
                keys.append(self.text[start : self.at])
            self._skip_spaces()
            if self.text[self.at] != ".":
                return keys
            self._move(1)

    def _value(self, path: Path) -> None:
        self._skip_spaces()
        first = self.text[self.at]
        if first == "[":
            self._items(path, "]")
        elif first == "{":
            self._items(path, "}")
        elif first in "\"'":
            self._string()
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self._move(1)

    def _items(self, path: Path, end: str) -> None:
        self._move(1)
        index = 0
        while self._skip_blank() and self.text[self.at] != end:
            if self.text[self.at] == ",":
                self._move(1)
            elif end == "]":
                self.found[(*path, index)] = self.line
                self._value((*path, index))
                index += 1
            else:
                self._pair(path)
        self._move(1)

    def _string(self) -> str:
        quote = self.text[self.at]
        # Six quotes are an empty long string, two an empty short one.
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self._move(len(mark))
        start = self.at
        while not self.text.startswith(mark, self.at):
            self._move(2 if quote == '"' and self.text[self.at] == "\\" else 1)
        while len(mark) == 3 and self.text.startswith(quote, self.at + 3):
            self._move(1)
        inner = self.text[start : self.at]
        self._move(len(mark))
        return _unescaped(inner) if quote == '"' else inner

    def _skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self._move(1)

    def _skip_blank(self) -> bool:
        """Skips spaces, line ends and comments; returns false at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                while self.at < len(self.text) and self.text[self.at] != "\n":
                    self._move(1)
            elif self.text[self.at] in " \t\n":
                self._move(1)
            else:
                return True
        return False

    def _move(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    out = []
    rest = iter(text)
    for character in rest:
        if character != "\\":
            out.append(character)
            continue
        kind = next(rest)
        if kind in DIGITS_OF_ESCAPE:
            out.append(chr(int("".join(next(rest) for _ in range(DIGITS_OF_ESCAPE[kind])), 16)))
        else:
            out.append(ESCAPES.get(kind, kind))
    return "".join(out)


ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
DIGITS_OF_ESCAPE = {"x": 2, "u": 4, "U": 8}
