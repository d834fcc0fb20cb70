"""Reads archives piece by piece, so that memory and time do not depend on the sizes that they declare."""

from __future__ import annotations

import posix

from edge.sources.members import MAX_MEMBERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

MAX_BYTES = 50 << 20
"""Maximum size of an archive's files together."""

PIECE_BYTES = 1 << 16
MAX_STREAM_BYTES = MAX_BYTES + 2048 * MAX_MEMBERS
"""Maximum of an archive's stream: its files, and a header with a long name and padding for each."""

MAX_HEAD_BYTES = 1 << 16
"""Maximum size of the headers before one member of a tar archive."""

MAX_DIRECTORY_BYTES = 512 * MAX_MEMBERS
"""Maximum size of a zip archive's directory."""

MAX_CODER_BYTES = 80 << 20
"""Maximum memory for decompression; xz -9 takes 65 MB."""

MAX_PARTS = 4096
"""Maximum number of independently compressed parts, as parallel compressors write them."""


def refuse(archive: str, why: str) -> NoReturn:
    """Raises `errors.BadPackage`."""
    from edge import errors

    raise errors.BadPackage(
        f"{archive}: {why}", "Plugins are smaller; check the contents of the archive before you use it"
    )


class Window:
    """An open file in the interface of zipfile; the descriptor's own position stays."""

    __slots__ = ("_archive", "_at", "_fd", "_size")

    def __init__(self, fd: int, archive: str) -> None:
        self._fd = fd
        self._archive = archive
        self._at = 0
        self._size = posix.fstat(fd).st_size

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, or the whole rest."""
        left = max(self._size - self._at, 0)
        wanted = left if size < 0 else min(size, left)
        if wanted > MAX_DIRECTORY_BYTES:
            refuse(self._archive, f"its directory is longer than {MAX_DIRECTORY_BYTES} bytes")
        data = read_at(self._fd, self._archive, wanted, self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves, as files do."""
        at = offset + (0, self._at, self._size)[whence]
        if at < 0:
            # As for a file: zipfile seeks before the beginning of small ones.
            raise OSError("a place before its beginning")
        self._at = at
        return at

    def tell(self) -> int:
        """The position."""
        return self._at

    def seekable(self) -> bool:
        """That it can move."""
        return True


class Stream:
    """A tar archive in the interface of tarfile: forward only, with limited headers."""

    __slots__ = ("_archive", "_at", "_head_left", "_held", "_left", "_pieces", "_start", "last")

    def __init__(self, pieces: Iterator[bytes], archive: str) -> None:
        self._pieces = pieces
        self._archive = archive
        self._held = b""
        self._start = 0
        self._at = 0
        self._left = MAX_STREAM_BYTES
        self._head_left = 0
        self.last = b""

    def peek(self, size: int) -> bytes:
        """The next bytes; fewer than `size` only before the end."""
        while len(self._held) - self._start < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._left -= len(piece)
            if self._left < 0:
                refuse(self._archive, f"it unpacks to more than {MAX_BYTES >> 20} MB")
            self._held = self._held[self._start :] + piece
            self._start = 0
        return self._held[self._start : self._start + size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes; EOFError if there are fewer."""
        data = self.peek(size)
        if len(data) < size:
            raise EOFError("it is truncated")
        self._start += size
        self._at += size
        return data

    def begin_member(self) -> None:
        """Allows the reader to read the headers of one more member."""
        self._head_left = MAX_HEAD_BYTES

    def read(self, size: int = -1) -> bytes:
        """For the reader: a part of a member's headers, never less than requested."""
        # Some versions of tarfile repeat short reads endlessly.
        self._head_left -= size
        if size < 0 or self._head_left < 0:
            refuse(self._archive, f"more than {MAX_HEAD_BYTES >> 10} kB precede a member")
        self.last = self.take(size)
        return self.last

    def seek(self, offset: int, whence: int = 0) -> int:
        """For the reader, which moves only if a member does not end where its headers state."""
        raise ValueError(f"its members are not consecutive ({offset}, {whence})")

    def tell(self) -> int:
        """For the reader: the position."""
        return self._at


def read_at(fd: int, archive: str, size: int, at: int) -> bytes:
    """As `pread`, but system errors differ from those of a decompressor."""
    from edge import files

    try:
        return posix.pread(fd, size, at)
    except OSError as error:
        files.raise_for(archive, error)


def plain(fd: int, archive: str) -> Iterator[bytes]:
    """A file in pieces."""
    at = 0
    while True:
        piece = read_at(fd, archive, PIECE_BYTES, at)
        if not piece:
            return
        at += len(piece)
        yield piece


def decompressed(fd: int, archive: str, coder: Callable[[], Any]) -> Iterator[bytes]:
    """A compressed file in pieces of at most `PIECE_BYTES`, however much its own pieces expand to."""
    compressed = plain(fd, archive)
    rest = b""
    for _ in range(MAX_PARTS):
        part = coder()
        while not part.eof:
            # Only zlib returns unused input.
            held = getattr(part, "unconsumed_tail", b"") or rest
            if not held and getattr(part, "needs_input", True):
                held = next(compressed, b"")
            rest = b""
            piece = part.decompress(held, PIECE_BYTES)
            if piece:
                yield piece
            elif not held and not part.eof:
                raise EOFError("it is truncated")
        rest = part.unused_data.lstrip(b"\0")
        while not rest:
            padding = next(compressed, b"")
            if not padding:
                return
            rest = padding.lstrip(b"\0")
    refuse(archive, f"it has more than {MAX_PARTS} compressed parts")


def gzip_coder() -> Any:
    """For one part of a .gz."""
    import zlib

    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def xz_coder() -> Any:
    """For one part of a .xz."""
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, MAX_CODER_BYTES)


def bzip2_coder() -> Any:
    """For one part of a .bz2."""
    import bz2

    return bz2.BZ2Decompressor()
