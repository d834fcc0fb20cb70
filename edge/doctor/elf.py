"""The machine that a program or library is built for: its ELF header and, for 32-bit ARM, its attributes."""

from __future__ import annotations

import posix

from edge import elf, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\x7fELF"
HEADER_BYTES = 64
WIDE = 2
ARM = 40
MACHINES = {3: "x86", ARM: "arm", 62: "x86_64", 183: "aarch64"}

ATTRIBUTES = 0x70000003  # SHT_ARM_ATTRIBUTES
SECTION_BYTES = 40
MAX_SECTIONS = 200
MAX_BYTES = 4096

CPU_ARCH = 6
FLOAT_ARGUMENTS = 28
COMPATIBILITY = 32
TEXTS = (4, 5)
ARMV6 = (0, 1, 2, 3, 4, 5, 6, 7, 9)
"""The values of Tag_CPU_arch that an ARM1176 executes: up to v6, v6KZ and v6K."""


class Elf:
    """The machine that a file is built for.

    bits       32 or 64
    machine    its number
    arch       Tag_CPU_arch of a file for 32-bit ARM, -1 where it does not say
    hard_float whether such a file passes floats in registers
    fault      what of its header is not as a linker writes that of a library, empty where nothing shows
    """

    __slots__ = ("arch", "bits", "fault", "hard_float", "machine")

    def __init__(self, bits: int, machine: int, attributes: dict[int, int], fault: str = "") -> None:
        self.bits = bits
        self.machine = machine
        self.fault = fault
        self.arch = attributes.get(CPU_ARCH, -1)
        self.hard_float = attributes.get(FLOAT_ARGUMENTS, 0) == 1

    @property
    def name(self) -> str:
        """The machine's name, for display."""
        name = MACHINES.get(self.machine, f"machine {self.machine}")
        return f"{name}{'hf' if self.hard_float else ''}, {self.bits} bits"


def read(path: str) -> Elf | None:
    """The machine that a file is built for; None if it is not an ELF file. Raises OSError."""
    # Opening a FIFO would otherwise block until somebody writes into it.
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    try:
        if posix.fstat(fd).st_mode & files.FORMAT_MASK != files.REGULAR:
            return None
        header = posix.pread(fd, HEADER_BYTES, 0)
        if not header.startswith(MAGIC) or len(header) < HEADER_BYTES:
            return None
        wide = header[4] == WIDE
        machine = _number(header, 18, 2)
        attributes = _attributes(fd, header) if machine == ARM and not wide else {}
        return Elf(64 if wide else 32, machine, attributes, elf.fault(fd))
    finally:
        posix.close(fd)


def _attributes(fd: int, header: bytes) -> dict[int, int]:
    start, size, count = _number(header, 32, 4), _number(header, 46, 2), _number(header, 48, 2)
    if size != SECTION_BYTES:
        return {}
    table = posix.pread(fd, size * min(count, MAX_SECTIONS), start)
    for at in range(0, len(table) - size + 1, size):
        if _number(table, at + 4, 4) == ATTRIBUTES:
            length = min(_number(table, at + 20, 4), MAX_BYTES)
            return dict(_listed(posix.pread(fd, length, _number(table, at + 16, 4))))
    return {}


def _listed(section: bytes) -> Iterator[tuple[int, int]]:
    """The numeric attributes of the whole file (Addenda to the ABI for the Arm architecture, 3.2)."""
    vendor, found, rest = section[5:].partition(b"\0")
    if section[:1] != b"A" or vendor != b"aeabi" or not found or rest[:1] != b"\1":
        return
    at, end = 5, min(_number(rest, 1, 4), len(rest))
    while at < end:
        tag, at = _uleb(rest, at)
        if tag == COMPATIBILITY:
            _, at = _uleb(rest, at)
        if tag in TEXTS or (tag >= COMPATIBILITY and (tag % 2 or tag == COMPATIBILITY)):
            at = rest.find(b"\0", at) + 1
            if not at:
                return
        else:
            value, at = _uleb(rest, at)
            yield tag, value


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            break
    return value, at


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
