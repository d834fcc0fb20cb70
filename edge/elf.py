"""Checks an ELF file before it is opened: its length, and the symbols that are needed.

The kernel maps the ranges of program headers even if the file is shorter, and a process that reads a page
after its end is killed with SIGBUS. edge.doctor.elf reads the machine that a file is for.
"""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\x7fELF"
HEADER_BYTES = 64
WIDE = 2

LOAD = 1
DYNAMIC = 2
SHARED = 3
SIZES = {True: (64, 56, 64), False: (52, 32, 40)}
"""Bytes of the header, of a program header and of a section's header, by whether the file is of 64 bits."""

DYNAMIC_SYMBOLS = 11
MAX_HEADERS = 200
MAX_NAMES_BYTES = 1 << 20


class Layout:
    """The positions of a header's fields.

    word                        bytes of an address or size
    program, section            where the table of program headers, of section headers, begins
    program_size, section_size  bytes of one entry, followed by the number of entries
    offset, file_bytes          in a program header: the part of the file that it maps
    """

    __slots__ = ("file_bytes", "offset", "program", "program_size", "section", "section_size", "word")

    def __init__(self, *, wide: bool) -> None:
        self.word = 8 if wide else 4
        self.program, self.section = (32, 40) if wide else (28, 32)
        self.program_size, self.section_size = (54, 58) if wide else (42, 46)
        self.offset, self.file_bytes = (8, 32) if wide else (4, 16)


def needed_bytes(fd: int) -> int:
    """The length that the file must have, by its own headers; 0 if it is not an ELF file."""
    header = posix.pread(fd, HEADER_BYTES, 0)
    if not header.startswith(MAGIC) or len(header) < HEADER_BYTES:
        return 0
    layout = Layout(wide=header[4] == WIDE)
    ends = [HEADER_BYTES]
    for place, size, entries in (
        (layout.program, layout.program_size, True),
        (layout.section, layout.section_size, False),
    ):
        start = number(header, place, layout.word)
        each, count = number(header, size, 2), number(header, size + 2, 2)
        ends.append(start + each * count)
        if entries:
            ends += [
                number(entry, layout.offset, layout.word) + number(entry, layout.file_bytes, layout.word)
                for entry in _entries(fd, start, each, count)
                if number(entry, 0, 4) == LOAD
            ]
    return max(ends)


def fault(fd: int) -> str:
    """What of a library's header is not as a linker writes it, empty where nothing shows.

    Whether the library is for this machine is another matter; of other orders of bytes nothing is said.
    """
    header = posix.pread(fd, HEADER_BYTES, 0)
    if len(header) < HEADER_BYTES:
        return "it has no whole header"
    if header[4] not in (1, WIDE) or header[5] not in (1, 2):
        return "its header names no kind of machine"
    if header[5] != 1:
        return ""
    wide = header[4] == WIDE
    layout = Layout(wide=wide)
    if number(header, 16, 2) != SHARED:
        return "its header does not say that it is a library"
    places = (layout.program_size - 2, layout.program_size, layout.section_size)
    if tuple(number(header, place, 2) for place in places) != SIZES[wide]:
        return "sizes in its header are wrong"
    each, count = number(header, layout.program_size, 2), number(header, layout.program_size + 2, 2)
    start = number(header, layout.program, layout.word)
    kinds = {number(entry, 0, 4) for entry in _entries(fd, start, each, count)}
    if not kinds >= {LOAD, DYNAMIC} or count > MAX_HEADERS:
        return f"its header names {count} program headers, and what a library needs is not among them"
    if not number(header, layout.section_size + 2, 2):
        return "its header says that it has no sections"
    return ""


def exports(fd: int, name: bytes) -> bool:
    """Whether a library exports this symbol."""
    header = posix.pread(fd, HEADER_BYTES, 0)
    layout = Layout(wide=header[4:5] == bytes([WIDE]))
    start = number(header, layout.section, layout.word)
    each, count = number(header, layout.section_size, 2), number(header, layout.section_size + 2, 2)
    sections = list(_entries(fd, start, each, count))
    for section in sections:
        link = number(section, 8 + 4 * layout.word, 4)
        if number(section, 4, 4) != DYNAMIC_SYMBOLS or link >= len(sections):
            continue
        at, size = (number(sections[link], 8 + n * layout.word, layout.word) for n in (2, 3))
        if b"\0%s\0" % name in posix.pread(fd, min(size, MAX_NAMES_BYTES), at):
            return True
    return False


def number(data: bytes, at: int, size: int) -> int:
    """A number in the byte order of all supported machines."""
    return int.from_bytes(data[at : at + size], "little")


def _entries(fd: int, start: int, each: int, count: int) -> Iterator[bytes]:
    if not each:
        return
    try:
        table = posix.pread(fd, each * min(count, MAX_HEADERS), start)
    except (OSError, OverflowError):
        return
    for at in range(0, len(table) - each + 1, each):
        yield table[at : at + each]
