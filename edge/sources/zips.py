"""Reads the members of a zip archive. zipfile reads the directory and decompresses."""

from __future__ import annotations

from edge import files
from edge.sources import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any
    from zipfile import ZipFile, ZipInfo

    from edge.sources.extraction import Extraction

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")

ENCRYPTED = 0x1 | 0x40 | 0x2000
UTF8 = 0x800
STORED, DEFLATED = 0, 8
DOS_FOLDER = 0x10
OTHER_NAME = b"up"

OF_DOS = (0, 10, 14)
"""Systems of origin (FAT, NTFS, VFAT) on which a backslash separates the parts of a name."""

CODE_PAGE = "cp437"
"""The encoding of names that are not marked as UTF-8, by the specification of the format."""


def extract(fd: int, into: Extraction) -> None:
    """Unpacks all members. Raises `errors.EdgeError`, or zipfile's errors for damaged ones."""
    import zipfile

    source: Any = streams.Window(fd, into.archive)
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            _extract_member(archive, member, into)


def _extract_member(archive: ZipFile, member: ZipInfo, into: Extraction) -> None:
    name, problem = _name(member)
    problem = problem or _problem(member, name)
    if problem:
        into.refuse(name, problem)
    if not name.endswith("/"):
        into.add_file(name, _contents(archive, member))
        return
    if member.file_size:
        into.refuse(name, "it is a folder with data of its own")
    into.add_folder(name[:-1])


def _name(member: ZipInfo) -> tuple[str, str]:
    """A member's name with slashes, and why it is ambiguous; `members.Names` checks the name itself."""
    # The directory's name: zipfile truncates the other one at a NUL.
    name, is_dos = member.orig_filename, member.create_system in OF_DOS
    if not (name.isascii() or member.flag_bits & UTF8):
        # zipfile decoded it with the code page, which systems other than DOS do not use.
        raw = name.encode(CODE_PAGE)
        try:
            utf8 = raw.decode()
        except UnicodeDecodeError:
            utf8 = ""
        if is_dos and utf8:
            return name, f"its name is not marked as UTF-8 and could be UTF-8 or {CODE_PAGE}"
        if not (is_dos or utf8):
            return name, "its name is not marked as UTF-8 and is not valid UTF-8"
        name = utf8 or name
    if "\\" not in name or not is_dos:
        return name, ""
    if "/" in name:
        return name, "its name has slashes and backslashes"
    return name.replace("\\", "/"), ""


def _problem(member: ZipInfo, name: str) -> str:
    if _has_other_name(member.extra):
        return "it has more than one name"
    if member.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if member.compress_type not in (STORED, DEFLATED):
        return f"it is compressed with method {member.compress_type}; only deflate is supported"
    kind = (member.external_attr >> 16) & files.FORMAT_MASK
    if kind not in (0, files.REGULAR, files.DIRECTORY):
        return "it is a link or a device"
    is_folder = kind == files.DIRECTORY or bool(member.external_attr & DOS_FOLDER)
    if name.endswith("/"):
        return "it is a file, but its name ends in a slash" if kind == files.REGULAR else ""
    return "it is a folder, but its name does not end in a slash" if is_folder else ""


def _has_other_name(extra: bytes) -> bool:
    """Whether a field repeats its name, which only some readers use."""
    at = 0
    while at + 4 <= len(extra):
        if extra[at : at + 2] == OTHER_NAME:
            return True
        at += 4 + int.from_bytes(extra[at + 2 : at + 4], "little")
    return False


def _contents(archive: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    left = member.file_size
    with archive.open(member) as opened:
        while True:
            piece = opened.read(streams.PIECE_BYTES)
            if not piece:
                break
            left -= len(piece)
            yield piece
    if left:
        raise ValueError("a member is shorter than the directory states")
