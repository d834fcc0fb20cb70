"""Finds instructions that an ARM1176 does not have, by their bits.

Code also contains constants. Mapping symbols distinguish them, `$a` before instructions and `$d` before data
(AAELF32), so the files must not be stripped.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section, SymbolTableSection


class _Pattern(NamedTuple):
    name: str
    mask: int
    bits: int


# The condition field is free in the first table and 0b1111 in the second (Arm ARM, DDI 0406C, chapter A5).
_CONDITIONAL = (
    _Pattern("movw", 0x0FF00000, 0x03000000),
    _Pattern("movt", 0x0FF00000, 0x03400000),
    _Pattern("mls", 0x0FF000F0, 0x00600090),
    _Pattern("bfc or bfi", 0x0FE00070, 0x07C00010),
    _Pattern("sbfx", 0x0FE00070, 0x07A00050),
    _Pattern("ubfx", 0x0FE00070, 0x07E00050),
    _Pattern("rbit", 0x0FFF0FF0, 0x06FF0F30),
    _Pattern("sdiv or udiv", 0x0FD000F0, 0x07100010),
    _Pattern("vmov with an immediate (VFPv3)", 0x0FB00EF0, 0x0EB00A00),
    _Pattern("vfma or vfms (VFPv4)", 0x0FB00E10, 0x0EA00A00),
    _Pattern("vfnma or vfnms (VFPv4)", 0x0FB00E10, 0x0E900A00),
    _Pattern("vdup or a vector element (NEON)", 0x0F900F5F, 0x0E800B10),
)
_UNCONDITIONAL = (
    _Pattern("dsb", 0xFFFFFFF0, 0xF57FF040),
    _Pattern("dmb", 0xFFFFFFF0, 0xF57FF050),
    _Pattern("isb", 0xFFFFFFF0, 0xF57FF060),
    _Pattern("NEON arithmetic", 0xFE000000, 0xF2000000),
    _Pattern("NEON load or store", 0xFF100000, 0xF4000000),
)


def executable(elf: ELFFile) -> list[Section]:
    """The sections that contain code."""
    return [section for section in elf.iter_sections() if section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR]


def foreign(elf: ELFFile) -> Iterator[tuple[int, str]]:
    """Every instruction that an ARM1176 does not have, as (address, name)."""
    for section in executable(elf):
        marks = _marks(elf, section)
        addresses = [address for address, _ in marks]
        words = struct.iter_unpack("<I", section.data()[: section.data_size & ~3])
        for index, (word,) in enumerate(words):
            address = section["sh_addr"] + 4 * index
            before = bisect_right(addresses, address)
            kind = marks[before - 1][1] if before else "$d"
            if kind == "$t":
                yield address, "unexpected Thumb code"
            elif kind == "$a":
                yield from ((address, name) for name in _names(word))


def _marks(elf: ELFFile, section: Section) -> list[tuple[int, str]]:
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return []
    index = elf.get_section_index(section.name)
    return sorted(
        (symbol["st_value"], symbol.name[:2])
        for symbol in table.iter_symbols()
        if symbol["st_shndx"] == index and symbol.name.split(".")[0] in ("$a", "$d", "$t")
    )


def _names(word: int) -> Iterator[str]:
    for pattern in _UNCONDITIONAL if word >> 28 == 0xF else _CONDITIONAL:
        if word & pattern.mask == pattern.bits:
            yield pattern.name
