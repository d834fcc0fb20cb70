"""Debian's kernel for the Pi Zero and its device tree, ready for QEMU."""

from __future__ import annotations

import contextlib
import lzma
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

from cross import cache, debian, targets
from cross.board.errors import BoardError

PACKAGE = "linux-image-rpi"
# What installs a kernel on a real machine.
NOT_NEEDED = ("initramfs-tools", "kmod", "linux-base")
DEVICE_TREE = "bcm2835-rpi-zero.dtb"

XZ_WITH_CRC32 = b"\xfd7zXZ\0\0\x01"
LOAD_ADDRESS = 0x8000
UIMAGE_MAGIC = 0x27051956
UIMAGE_HEADER = ">7I4B32s"
LINUX, ARM, KERNEL, UNCOMPRESSED = 5, 2, 2, 0

SEED_BYTES = 64


@dataclass(frozen=True)
class Kernel:
    """Files for QEMU's -kernel and -dtb."""

    image: Path
    device_tree: Path


def kernel() -> Kernel:
    """The kernel, prepared unless the cache has it."""
    board = targets.get("board")
    assert board.userland
    tree = debian.tree(board.userland.debian, [PACKAGE], exclude=NOT_NEEDED)
    made_of = cache.key(tree.name, Path(__file__))
    folder = cache.product("board-kernel", made_of, lambda stage: _make(tree, stage))
    return Kernel(folder / "kernel.uimage", folder / DEVICE_TREE)


def _make(tree: Path, stage: Path) -> None:
    compressed = _only(tree, "boot/vmlinuz-*")
    (stage / "kernel.uimage").write_bytes(_uimage(_unpacked(compressed)))
    device_tree = stage / DEVICE_TREE
    shutil.copyfile(_only(tree, f"usr/lib/linux-image-*/{DEVICE_TREE}"), device_tree)
    _seed(device_tree)


def _only(tree: Path, pattern: str) -> Path:
    found = list(tree.glob(pattern))
    if len(found) != 1:
        raise BoardError(
            f"Debian's {PACKAGE} has {len(found)} files {pattern} instead of one; remove {tree}, try again"
        )
    return found[0]


def _unpacked(vmlinuz: Path) -> bytes:
    """What is inside a self-extracting kernel: extracting it there would take the board seconds."""
    data = vmlinuz.read_bytes()
    for found in re.finditer(re.escape(XZ_WITH_CRC32), data):
        # The first may be the unpacker's own copy of the magic number.
        with contextlib.suppress(lzma.LZMAError):
            return lzma.LZMADecompressor().decompress(data[found.start() :])
    raise BoardError(f"{vmlinuz.name} holds no xz stream: Debian packs its kernels in another way now")


def _uimage(image: bytes) -> bytes:
    """U-Boot's format: with it QEMU takes an unpacked kernel and still gives it a device tree."""

    def header(own_checksum: int) -> bytes:
        sums = (own_checksum, 0, len(image), LOAD_ADDRESS, LOAD_ADDRESS, zlib.crc32(image))
        return struct.pack(UIMAGE_HEADER, UIMAGE_MAGIC, *sums, LINUX, ARM, KERNEL, UNCOMPRESSED, b"linux")

    return header(zlib.crc32(header(0))) + image


def _seed(device_tree: Path) -> None:
    """Gives the kernel entropy, which it would gather for seconds; always the same, so that runs repeat."""
    seed = [f"{(7 * i) & 0xFF:02x}" for i in range(SEED_BYTES)]
    command = ["fdtput", "--type", "bx", str(device_tree), "/chosen", "rng-seed", *seed]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        raise BoardError("no fdtput here: install Debian's device-tree-compiler") from None
