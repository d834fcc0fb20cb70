"""Archives in the "newc" form, which the kernel unpacks into its first file system, one after the other."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

MAGIC = b"070701"
TRAILER = "TRAILER!!!"
ALIGNMENT = 4


class Writer:
    """Writes one archive, all of it root's and as old as the epoch: the same bytes for the same files."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._serial = 0

    def folder(self, name: str, mode: int = 0o755) -> None:
        """Adds a folder; those above it must be there."""
        self._entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """Adds a file."""
        self._entry(name, stat.S_IFREG | mode, data)

    def link(self, name: str, target: str) -> None:
        """Adds a symbolic link."""
        self._entry(name, stat.S_IFLNK | 0o777, os.fsencode(target))

    def tree(self, source: Path, name: str) -> None:
        """Adds what is below a folder."""
        for path in sorted(source.iterdir()):
            inner = f"{name}/{path.name}" if name else path.name
            if path.is_symlink():
                self.link(inner, os.readlink(path))
            elif path.is_dir():
                self.folder(inner)
                self.tree(path, inner)
            else:
                self.file(inner, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))

    def end(self) -> None:
        """Completes the archive."""
        self._entry(TRAILER, 0, b"", serial=0)

    def _entry(self, name: str, mode: int, data: bytes, serial: int | None = None) -> None:
        if serial is None:
            self._serial += 1
            serial = self._serial
        raw = os.fsencode(name) + b"\0"
        # inode, mode, uid, gid, links, mtime, size, four device numbers, length of the name, checksum
        fields = (serial, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        self._out.write(_padded(MAGIC + b"".join(b"%08x" % field for field in fields) + raw))
        self._out.write(_padded(data))


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)
