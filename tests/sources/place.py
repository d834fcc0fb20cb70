"""Unpacking into a folder whose surroundings are looked at afterwards."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Callable

from edge.sources import archives

Unpack = Callable[[bytes], archives.Unpacked]


def listing(root: Path, *, contents: bool = True) -> dict[str, bytes]:
    """All that is below a folder: kinds and modes, and contents."""
    found = {}
    for place, folders, names in os.walk(root):
        for name in folders + names:
            path = Path(place, name)
            mode = path.lstat().st_mode
            data = path.read_bytes() if contents and stat.S_ISREG(mode) else b""
            found[str(path.relative_to(root))] = b"%o " % mode + data
    return found


class Place:
    """A fresh folder to unpack into, in surroundings that must not change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.around = root / "around"
        self.into = self.around / "into"
        self.around.mkdir(parents=True)
        (self.around / "neighbour").write_bytes(b"mine")
        (root / "above").mkdir()
        self._archive = root / "archive"
        self._count = 0
        self._before = self._surroundings()

    def unpack(self, data: bytes) -> archives.Unpacked:
        """Unpacks into a new folder, and checks that nothing else has changed."""
        self._archive.write_bytes(data)
        self._count += 1
        self.into = self.around / f"into{self._count}"
        self.into.mkdir(mode=0o700)
        fd = os.open(self._archive, os.O_RDONLY)
        try:
            return archives.unpack(fd, "sent", str(self.into))
        finally:
            assert os.lseek(fd, 0, os.SEEK_CUR) == 0
            os.close(fd)
            assert self._surroundings() == self._before
            for kind in listing(self.into, contents=False).values():
                assert kind.startswith((b"100600 ", b"40700 "))

    def _surroundings(self) -> dict[str, bytes]:
        found = {}
        for folder in (self.root, self.around, self.root / "above"):
            for path in folder.iterdir():
                if path != self._archive and not path.name.startswith("into"):
                    found[str(path)] = path.read_bytes() if path.is_file() else b""
        return found
