"""A filesystem whose power can be cut: what was done to it, one by one, and what of that is bound to last.

What counts as bound to last is what POSIX promises and no more: the contents of a file once it was synced, a
name once the folder it stands in was. A rename is one operation, as every filesystem with a journal has it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple, Union

ROOT = 0


class Node(NamedTuple):
    """A file or a folder, as it was made."""

    number: int
    is_folder: bool
    mode: int


class Name(NamedTuple):
    """A change of names: each place, a folder and a name in it, now is that node, or None."""

    places: tuple[tuple[tuple[int, str], int | None], ...]


class Data(NamedTuple):
    """A change of a file's contents: bytes at a place, or the size that it has now."""

    node: int
    at: int
    data: bytes | None


class Sync(NamedTuple):
    """All that was done to a node so far is bound to last."""

    node: int


Operation = Union[Name, Data, Sync]
Names = dict[tuple[int, str], int]
Tree = dict[str, Union[tuple[int, bytes], tuple[int, None]]]
"""What a filesystem holds: mode and contents by path, folders without contents."""


def apply_data(content: bytearray, change: Data) -> None:
    """Changes the contents of a file; what lies between its end and where is written reads as zeros."""
    if change.data is None:
        size = change.at
        del content[size:]
        content.extend(bytes(size - len(content)))
        return
    content.extend(bytes(max(0, change.at - len(content))))
    content[change.at : change.at + len(change.data)] = change.data


def read(folder: Path) -> Tree:
    """What a folder holds."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        name = str(path.relative_to(folder))
        if path.is_symlink():
            raise ValueError(f"{path} is a link, which the model does not know")
        found[name] = (mode, None) if path.is_dir() else (mode, path.read_bytes())
    return found


def write(tree: Tree, folder: Path) -> None:
    """Makes a folder that holds a tree."""
    folder.mkdir(mode=0o700)
    folders = []
    for name, (mode, content) in sorted(tree.items()):
        path = folder / name
        if content is None:
            path.mkdir(mode=0o700)
            folders.append((path, mode))
        else:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(fd, "wb") as file:
                file.write(content)
                os.fchmod(fd, mode)
    for path, mode in reversed(folders):
        path.chmod(mode)


class Disk:
    """The start, all of it durable, and the operations since, in their order.

    done  how many there were when the program had said that it did what it was asked; -1 until then
    """

    def __init__(self, start: Tree) -> None:
        self.nodes = [Node(ROOT, is_folder=True, mode=0o700)]
        self.start_names: Names = {}
        self.start_data: dict[int, bytes] = {}
        self.operations: list[Operation] = []
        self.done = -1
        for path, (mode, content) in sorted(start.items()):
            node = self.make(is_folder=content is None, mode=mode)
            folder, _, name = path.rpartition("/")
            self.start_names[self.find(folder, self.start_names), name] = node
            if content is not None:
                self.start_data[node] = content
        self.names = dict(self.start_names)
        self.data = {node: bytearray(content) for node, content in self.start_data.items()}

    def make(self, *, is_folder: bool, mode: int) -> int:
        """A node without a name."""
        node = Node(len(self.nodes), is_folder, mode)
        self.nodes.append(node)
        return node.number

    def find(self, path: str, names: Names | None = None) -> int:
        """The node of a path, KeyError where there is none."""
        names = self.names if names is None else names
        node = ROOT
        for name in filter(None, path.split("/")):
            node = names[node, name]
        return node

    def place(self, path: str) -> tuple[int, str]:
        """The folder of a path, and the name in it."""
        folder, _, name = path.rpartition("/")
        return self.find(folder), name

    def do(self, operation: Operation) -> None:
        """Does it, as running programs see it."""
        self.operations.append(operation)
        if isinstance(operation, Name):
            for place, node in operation.places:
                if node is None:
                    self.names.pop(place, None)
                else:
                    self.names[place] = node
        elif isinstance(operation, Data):
            apply_data(self.data.setdefault(operation.node, bytearray()), operation)

    def tree(self, names: Names, data: dict[int, bytes]) -> Tree:
        """What can be reached by these names."""
        below: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), node in names.items():
            below.setdefault(folder, []).append((name, node))
        found: Tree = {}
        todo = [("", ROOT)]
        while todo:
            path, folder = todo.pop()
            for name, number in below.get(folder, ()):
                made = self.nodes[number]
                there = f"{path}/{name}" if path else name
                if made.is_folder:
                    found[there] = (made.mode, None)
                    todo.append((there, number))
                else:
                    found[there] = (made.mode, data.get(number, b""))
        return found

    def until(self, at: int) -> Disk:
        """A disk on which as much was done as here after so many operations."""
        found = Disk({})
        found.nodes = list(self.nodes)
        found.start_names, found.start_data = self.start_names, self.start_data
        found.names = dict(self.start_names)
        found.data = {node: bytearray(content) for node, content in self.start_data.items()}
        for operation in self.operations[:at]:
            found.do(operation)
        return found

    def now(self) -> Tree:
        """What running programs see."""
        return self.tree(self.names, {node: bytes(content) for node, content in self.data.items()})
