"""The files of trust as one command sees them: each is read once, and parsed once."""

from __future__ import annotations

from edge import keys, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Held:
    """What was read of trust. Whoever changes trust, or waits, opens another one afterwards."""

    __slots__ = ("_contents", "_lines", "_own")

    def __init__(self) -> None:
        self._contents: dict[str, bytes | None] = {}
        self._lines: dict[str, list[list[Any]]] = {}
        self._own: list[bytes | None] = []

    def read(self, path: str) -> bytes | None:
        """A file of trust, as `trust.read`."""
        if path not in self._contents:
            self._contents[path] = trust.read(path)
        return self._contents[path]

    def lines(self, path: str) -> list[list[Any]]:
        """What each of its lines says, as `trust.parse`; none of a file that is not there."""
        if path not in self._lines:
            self._lines[path] = trust.parse(self.read(path) or b"", path)
        return self._lines[path]

    def own(self) -> bytes | None:
        """This machine's own key, if it has one."""
        if not self._own:
            self._own.append(keys.local_public())
        return self._own[0]
