"""Writes the contents of an archive: regular files and folders below one folder, whatever their names.

Names were checked before; following no links and replacing nothing does not rely on that.
"""

from __future__ import annotations

import posix
from contextlib import suppress

from edge import files
from edge.sources import members
from edge.sources.streams import MAX_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

FOLDER = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
NEW_FILE = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC


class Extraction:
    """An archive being unpacked.

    archive  its name, for messages
    files    the paths of its files so far
    """

    __slots__ = ("_left", "_names", "_passed", "_root", "archive", "files")

    def __init__(self, archive: str, into: str) -> None:
        self.archive = archive
        self.files: list[str] = []
        self._passed = 0
        self._left = MAX_BYTES
        self._names = members.Names(archive)
        try:
            self._root = posix.open(into, FOLDER)
        except OSError as error:
            files.raise_for(into, error)

    def __enter__(self) -> Extraction:
        return self

    def __exit__(self, *_: object) -> None:
        posix.close(self._root)

    def add_folder(self, name: str) -> None:
        """Creates a folder and its parents, unless they exist."""
        if members.is_clutter(name):
            self._pass_over(name)
            return
        posix.close(self._entered(self._names.add(name, is_folder=True)))

    def add_file(self, name: str, contents: Iterable[bytes]) -> None:
        """Writes a file and the folders it is in; refuses it if the archive's total is too large."""
        if members.is_clutter(name):
            self._pass_over(name)
            for piece in contents:
                self._count(name, piece)
            return
        parts = self._names.add(name, is_folder=False)
        fd = self._created(parts)
        try:
            for piece in contents:
                self._count(name, piece)
                self._write(fd, name, piece)
        finally:
            posix.close(fd)
        self.files.append("/".join(parts))

    def refuse(self, name: str, why: str) -> NoReturn:
        """Raises `errors.BadPackage`."""
        members.refuse(self.archive, name, why)

    def _pass_over(self, name: str) -> None:
        """Counts a member that is not written; its name is not checked."""
        self._passed += 1
        if self._passed > members.MAX_MEMBERS:
            self.refuse(name, f"it has more than {members.MAX_MEMBERS} members, including their folders")

    def _count(self, name: str, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            self.refuse(name, f"the archive unpacks to more than {MAX_BYTES >> 20} MB")

    def _fail(self, name: str, error: OSError) -> NoReturn:
        """Raises the error without the temporary path, which is gone by then."""
        files.raise_for(f"{self.archive}, {members.shown(name)}", error)

    def _created(self, parts: list[str]) -> int:
        parent = self._entered(parts[:-1])
        try:
            return posix.open(parts[-1], NEW_FILE, 0o600, dir_fd=parent)
        except OSError as error:
            self._fail("/".join(parts), error)
        finally:
            posix.close(parent)

    def _entered(self, parts: list[str]) -> int:
        """A descriptor of a folder, which is created if missing."""
        at = -1
        try:
            at = posix.open(".", FOLDER, dir_fd=self._root)
            for part in parts:
                above, at = at, self._step(at, part)
                posix.close(above)
            return at
        except OSError as error:
            if at >= 0:
                posix.close(at)
            self._fail("/".join(parts), error)

    @staticmethod
    def _step(parent: int, part: str) -> int:
        with suppress(FileExistsError):
            posix.mkdir(part, 0o700, dir_fd=parent)
        return posix.open(part, FOLDER, dir_fd=parent)

    def _write(self, fd: int, name: str, piece: bytes) -> None:
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[posix.write(fd, rest) :]
        except OSError as error:
            self._fail(name, error)
