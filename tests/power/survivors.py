"""What may be left of a filesystem after a power cut: some of all that is allowed, the notorious ones first.

Of names that no sync of their folder made last, any may last that do not need another one that does not: a
rename needs the name that it takes. Of the contents that no sync of the file made last, the first so many
bytes may, or the size with zeros in place of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Callable

from tests.power.disk import Data, Disk, Name, Names, Sync, Tree, apply_data

Pick = Callable[[int], bool]
"""Whether a name that is not bound to last does, by the place of its operation in the log."""

Keep = Callable[[list[Data]], list[Data]]
"""What lasts of the changes of a file that are not bound to."""


def nothing(_: list[Data]) -> list[Data]:
    """The contents are as of the last sync: empty for a new file."""
    return []


def everything(changes: list[Data]) -> list[Data]:
    """The contents as they were written."""
    return changes


def half(changes: list[Data]) -> list[Data]:
    """The first half of what was written."""
    return torn(changes, sum(_length(change) for change in changes) // 2)


def zeros(changes: list[Data]) -> list[Data]:
    """The size lasts and the bytes do not."""
    return [c if c.data is None else c._replace(data=bytes(len(c.data))) for c in changes]


def torn(changes: list[Data], length: int) -> list[Data]:
    """So many bytes of what was written."""
    kept = []
    for change in changes:
        if length <= 0:
            break
        size = _length(change)
        kept.append(change if change.data is None else change._replace(data=change.data[:length]))
        length -= size
    return kept


def _length(change: Data) -> int:
    return 1 if change.data is None else len(change.data)


class Cut:
    """A moment of a disk at which its power is cut: `at` operations were done.

    `journal`: a folder that was synced has its own name too, as on every filesystem with a journal.
    """

    def __init__(self, disk: Disk, at: int, *, journal: bool = False) -> None:
        self._disk = disk
        self._done = disk.operations[:at]
        synced: set[int] = set()
        bound: set[int] = set()
        pending_data: set[int] = set()
        for place in range(at - 1, -1, -1):
            operation = self._done[place]
            if isinstance(operation, Sync):
                synced.add(operation.node)
            elif isinstance(operation, Name):
                sources = {folder for (folder, _), _ in operation.places}
                if journal:
                    sources |= {
                        node for _, node in operation.places if node is not None and self._is_folder(node)
                    }
                if sources & synced:
                    bound.add(place)
            elif isinstance(operation, Data) and operation.node not in synced:
                pending_data.add(place)
        self._bound = bound
        self._pending_data: dict[int, list[Data]] = {}
        contents = {node: bytearray(content) for node, content in disk.start_data.items()}
        for place, operation in enumerate(self._done):
            if place in pending_data and isinstance(operation, Data):
                self._pending_data.setdefault(operation.node, []).append(operation)
            elif isinstance(operation, Data):
                apply_data(contents.setdefault(operation.node, bytearray()), operation)
        self._data = {node: bytes(content) for node, content in contents.items()}
        self.pending = [i for i, o in enumerate(self._done) if isinstance(o, Name) and i not in bound]

    def _is_folder(self, node: int) -> bool:
        return self._disk.nodes[node].is_folder

    def tree(self, pick: Pick, keep: Keep) -> Tree:
        """What is left when these names last, and this of the contents."""
        return self._disk.tree(self._names(pick), self._contents(keep))

    def _names(self, pick: Pick) -> Names:
        names = dict(self._disk.start_names)
        lost: set[tuple[int, str]] = set()
        for at, operation in enumerate(self._done):
            if not isinstance(operation, Name):
                continue
            places = [place for place, _ in operation.places]
            if at not in self._bound and (any(place in lost for place in places) or not pick(at)):
                lost.update(places)
                continue
            for place, node in operation.places:
                if node is None:
                    names.pop(place, None)
                else:
                    names[place] = node
        return names

    def _contents(self, keep: Keep) -> dict[int, bytes]:
        contents = dict(self._data)
        for number, pending in self._pending_data.items():
            changed = bytearray(contents.get(number, b""))
            for change in keep(pending):
                apply_data(changed, change)
            contents[number] = bytes(changed)
        return contents

    def needed(self, last: int) -> set[int]:
        """An operation on a name, and the earlier ones without which it can't last."""
        found: set[int] = set()
        places: set[tuple[int, str]] = set()
        for at in reversed([at for at in self.pending if at <= last]):
            operation = self._done[at]
            assert isinstance(operation, Name)
            own = {place for place, _ in operation.places}
            if at == last or own & places:
                found.add(at)
                places |= own
        return found


def survivors(cut: Cut, random: Random, count: int) -> Iterator[tuple[str, Tree]]:
    """What may be left of a cut, by what that is called; `count` of them drawn by chance."""
    yield "nothing", cut.tree(lambda _: False, nothing)
    yield "everything", cut.tree(lambda _: True, everything)
    yield "names without contents", cut.tree(lambda _: True, nothing)
    yield "names and half the contents", cut.tree(lambda _: True, half)
    yield "names and zeros", cut.tree(lambda _: True, zeros)
    yield "contents without names", cut.tree(lambda _: False, everything)
    for last in cut.pending[-4:]:
        only = cut.needed(last)
        yield "a late name before earlier ones", cut.tree(only.__contains__, nothing)
    if cut.pending:
        middle = cut.pending[len(cut.pending) // 2]
        yield "the first names", cut.tree(lambda place: place < middle, nothing)
    for number in range(count):
        yield f"by chance {number}", _drawn(cut, random)


def _drawn(cut: Cut, random: Random) -> Tree:
    chance = random.choice((0.2, 0.5, 0.8))

    def keep(changes: list[Data]) -> list[Data]:
        kept = torn(changes, random.randint(0, sum(map(_length, changes))))
        return zeros(kept) if random.random() < 0.2 else kept

    return cut.tree(lambda _: random.random() < chance, keep)
