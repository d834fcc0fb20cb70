"""Archives made byte by byte, since no tool makes those that are to be refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from typing import Callable, NamedTuple, Union

Name = Union[str, bytes]

DOS, UNIX, NTFS = 0, 3, 10
REGULAR = b"0"
FOLDER = b"5"
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": lambda data: gzip.compress(data, 1),
    "tar.xz": lambda data: lzma.compress(data, preset=0),
    "tar.bz2": lambda data: bz2.compress(data, 1),
}
NAMINGS = ("ustar", "prefix", "long", "pax", "global")
"""Where a tar archive has a name: in the head, in two parts of it, or in a head of its own."""


class Member(NamedTuple):
    """One member: for a tar its type, for a zip what its directory says of it."""

    name: Name
    data: bytes = b""
    kind: bytes = REGULAR
    naming: str = "ustar"
    size: int | None = None
    mode: int = 0
    method: int = 8
    flags: int = 0x800
    folder_bit: bool = False
    extra: bytes = b""
    system: int = UNIX


def encoded(name: Name) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")


def head(name: bytes, size: int, kind: bytes, link: bytes = b"", prefix: bytes = b"") -> bytes:
    """A ustar head, of the first 100 bytes of a name."""
    number = b"%011o\0" % size if 0 <= size < 1 << 33 else (size % (1 << 96) | 1 << 95).to_bytes(12, "big")
    made = name[:100].ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + number + b"00000000000\0"
    made += b" " * 8 + kind + link.ljust(100, b"\0") + b"ustar\x0000" + bytes(80)
    made = (made + prefix).ljust(512, b"\0")
    return made[:148] + b"%06o\0 " % sum(made) + made[156:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax(*fields: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    """A pax head with these fields."""
    text = b""
    for key, value in fields:
        rest = b" " + key + b"=" + value + b"\n"
        length = len(rest)
        while length != len(rest) + len(str(length)):
            length = len(rest) + len(str(length))
        text += str(length).encode() + rest
    return head(b"pax", len(text), kind) + padded(text)


def long_name(name: bytes, kind: bytes = b"L") -> bytes:
    """A GNU head for a long name."""
    return head(b"././@LongLink", len(name) + 1, kind) + padded(name + b"\0")


def in_tar(member: Member) -> bytes:
    """One member with all its heads."""
    name = encoded(member.name)
    size = len(member.data) if member.size is None else member.size
    before, short, prefix = b"", name, b""
    if member.naming == "pax":
        before, short = pax((b"path", name)), b"short"
    elif member.naming == "global":
        before, short = pax((b"path", name), kind=b"g"), b"short"
    elif member.naming == "long" or len(name) > 100:
        before, short = long_name(name), b"short"
    elif member.naming == "prefix" and name.rpartition(b"/")[0]:
        prefix, _, short = name.rpartition(b"/")
    link = b"/etc/passwd" if member.kind in (b"1", b"2") else b""
    return before + head(short, size, member.kind, link, prefix) + padded(member.data)


def tar(*members: Member, end: bytes = bytes(1024)) -> bytes:
    return b"".join(map(in_tar, members)) + end


def zipped(*members: Member) -> bytes:
    """A zip archive; what a member says of its size may be wrong."""
    made, directory = b"", b""
    for member in members:
        name = encoded(member.name)
        if member.method == 8:
            packer = zlib.compressobj(1, wbits=-15)
            body = packer.compress(member.data) + packer.flush()
        else:
            body = member.data
        size = len(member.data) if member.size is None else member.size
        said = struct.pack(
            "<HHHHLLL", member.flags, member.method, 0, 33, zlib.crc32(member.data), len(body), size
        )
        attributes = member.mode << 16 | (0x10 if member.folder_bit else 0)
        directory += struct.pack("<4sHH", b"PK\x01\x02", member.system << 8 | 20, 20) + said
        directory += struct.pack("<HHHHHLL", len(name), len(member.extra), 0, 0, 0, attributes, len(made))
        directory += name + member.extra
        made += struct.pack("<4sH", b"PK\x03\x04", 20) + said + struct.pack("<HH", len(name), 0) + name + body
    count = len(members)
    return (
        made
        + directory
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(made), 0)
    )


def folder(name: str) -> Member:
    """A folder for either kind of archive."""
    return Member(f"{name}/", kind=FOLDER, method=0, mode=0o040755)


def every_kind(*members: Member) -> dict[str, bytes]:
    """The same members in all kinds of archives."""
    made = {kind: compress(tar(*members)) for kind, compress in COMPRESSORS.items()}
    return {**made, "zip": zipped(*members)}
