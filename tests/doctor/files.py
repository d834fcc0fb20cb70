"""ELF files that hold no more than what they are for."""

from __future__ import annotations

import struct
from collections.abc import Sequence

HEADER_BYTES = 52
PROGRAM = struct.pack("<I28x", 1) + struct.pack("<I28x", 2)
"""Of 32 bits: something to load, and where the dynamic linker looks."""


def elf_file(
    *, bits: int = 32, machine: int = 40, attributes: Sequence[tuple[int | str, ...]] | None = None
) -> bytes:
    """A library's header and, for 32-bit ARM, a section of attributes: each a tag with its values."""
    ident = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9)
    if bits == 64:
        header = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 176, 0, 64, 56, 2, 64, 1, 0)
        return ident + header + struct.pack("<I52x", 1) + struct.pack("<I52x", 2) + bytes(64)
    section = b"" if attributes is None else _section(attributes)
    start = HEADER_BYTES + len(PROGRAM)
    table = start + len(section)
    sizes = (HEADER_BYTES, 32, 2, 40, 1 if attributes is None else 2, 0)
    header = struct.pack("<HHIIIIIHHHHHH", 3, machine, 1, 0, HEADER_BYTES, table, 0, *sizes)
    entry = struct.pack("<10I", 0, 0x70000003, 0, 0, start, len(section), 0, 0, 1, 0)
    return ident + header + PROGRAM + section + bytes(40) + entry


def _section(attributes: Sequence[tuple[int | str, ...]]) -> bytes:
    values = b"".join(_value(word) for attribute in attributes for word in attribute)
    of_the_file = b"\1" + struct.pack("<I", 5 + len(values)) + values
    vendor = b"aeabi\0" + of_the_file
    return b"A" + struct.pack("<I", 4 + len(vendor)) + vendor


def _value(word: int | str) -> bytes:
    if isinstance(word, str):
        return word.encode() + b"\0"
    found = b""
    while word > 0x7F:
        found += bytes([word & 0x7F | 0x80])
        word >>= 7
    return found + bytes([word])
