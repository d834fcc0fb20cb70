"""The files of trust as one command sees them: each is read once and parsed once.

Calls do not need this, so functions that only other commands use are here, too (edge/trust/__init__.py).
"""

from __future__ import annotations

from edge import trust
from edge.trust import key_file
from edge.trust import lines as trust_lines
from edge.trust.empty import refuse_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.trust import Trusted


class Held:
    """The files of trust that were read. After a change, or a wait, another one is opened."""

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
        """Its parsed lines, as `trust_lines.parse`; empty for a missing file."""
        if path not in self._lines:
            self._lines[path] = trust_lines.parse(self.read(path) or b"", path)
        return self._lines[path]

    def own(self) -> bytes | None:
        """This machine's own key, if it has one."""
        if not self._own:
            self._own.append(key_file.local_public())
        return self._own[0]


def entries(held: Held | None = None, *, operator_only: bool = False) -> list[Trusted]:
    """The trusted keys without revoked ones, those of the operator first; `held`: as for `trust.text`."""
    found: dict[bytes, Trusted] = {}
    revoked: set[str] = set()
    held = held or Held()
    for path in trust.paths():
        lines = held.lines(path)
        for entry in trust_lines.keys_of(lines) if not operator_only or path == trust.operator_path() else ():
            found.setdefault(entry.public, entry)
        revoked |= {words[2] for words in lines if words[:2] == [trust.REVOKED, trust.ALGORITHM]}
    own = None if operator_only else held.own()
    if own is not None:
        found.setdefault(own, trust.Trusted(own, trust.OWN))
    return [entry for entry in found.values() if entry.public.hex() not in revoked]


def labels(held: Held | None = None) -> dict[bytes, str]:
    """The label of each trusted key."""
    return {entry.public: entry.label for entry in entries(held)}


def check_all(held: Held | None = None) -> None:
    """Checks all files of trust; raises `errors.EnvironmentFault` as `trust.lines.parse`."""
    held = held or Held()
    for path in trust.paths():
        if held.read(path) == b"":
            refuse_empty(path, is_operators=path == trust.operator_path())
        held.lines(path)
