"""Reads the members of a tar archive in order. tarfile reads the headers only."""

from __future__ import annotations

from edge.sources import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from tarfile import TarInfo
    from typing import Any

    from edge.sources.extraction import Extraction

BLOCK_BYTES = 512
MAGIC = b"ustar"
MAGIC_AT = 257


def is_tar(begin: bytes) -> bool:
    """Whether a file begins like a tar archive."""
    return begin[MAGIC_AT : MAGIC_AT + len(MAGIC)] == MAGIC


def extract(pieces: Iterator[bytes], into: Extraction) -> None:
    """Unpacks all members. Raises `errors.EdgeError`, or tarfile's errors for damaged ones."""
    stream = streams.Stream(pieces, into.archive)
    if not is_tar(stream.peek(BLOCK_BYTES)):
        from edge import errors
        from edge.sources.members import REMEDY

        raise errors.BadPackage(f"{into.archive}: it is not a POSIX or GNU tar archive", REMEDY)
    import tarfile

    stream.begin_member()
    source: Any = stream
    # Surrogates stand for bytes that are not UTF-8, so that such a name can be refused by name.
    tar = tarfile.TarFile(fileobj=source, mode="r", encoding="utf-8", errors="surrogateescape")
    while True:
        member = tar.next()
        if member is None:
            break
        _extract_member(member, stream, into)
        stream.begin_member()
    _check_end(stream)


def _extract_member(member: TarInfo, stream: streams.Stream, into: Extraction) -> None:
    name = _name(member, into)
    # tarfile treats a sparse member as "regular".
    if member.issparse():
        into.refuse(name, "it is a sparse file")
    if member.isdir():
        if member.size:
            into.refuse(name, "it is a folder with data of its own")
        into.add_folder(name)
    elif member.type in (b"0", b"\0"):
        into.add_file(name, _contents(stream, member.size))
    else:
        into.refuse(name, f"it is {_kind(member)}")


def _name(member: TarInfo, into: Extraction) -> str:
    """The member's name; all headers before it must agree on it."""
    name = member.pax_headers.get("path", member.name)
    if name.rstrip("/") != member.name.rstrip("/"):
        into.refuse(member.name, f"it has a second name, {name[:40]!a}")
    # tarfile removes the trailing slash that a file must not have.
    return member.name if member.isdir() else name


def _kind(member: TarInfo) -> str:
    if member.issym():
        return "a symbolic link"
    if member.islnk():
        return "a hard link"
    if member.isdev():
        return "a device or a FIFO"
    return f"neither a file nor a folder (type {member.type!r})"


def _contents(stream: streams.Stream, size: int) -> Iterator[bytes]:
    if size < 0:
        raise ValueError("a negative size")
    left = size
    while left:
        piece = stream.take(min(left, streams.PIECE_BYTES))
        left -= len(piece)
        yield piece
    stream.take(-size % BLOCK_BYTES)


def _check_end(stream: streams.Stream) -> None:
    """Checks that the archive ended properly and that nothing follows.

    Reads to the end, where a compressed file's checksum is.
    """
    if any(stream.last):
        raise ValueError("the header of a member is damaged")
    while True:
        rest = stream.take(len(stream.peek(BLOCK_BYTES)))
        if not rest:
            return
        if any(rest):
            raise ValueError("there is data after its end")
