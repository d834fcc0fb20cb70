"""Signing keys of this machine's: its own, with which it signs what it compiles, and others that have a name.

~/.local/share/edge/keys/local.key  this machine's key: made at first use, read by its owner only

    magic, 8 | the seed, 32 | its public half, 32

The public half is there so that a file which a power cut emptied is no key: RATIONALE, "Why a key's file has
its public half". Files of an older Edge have the seed alone. XDG_DATA_HOME moves it. `edge.trust` has what
is trusted.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files
from edge.files import paths

MAGIC = b"EDGEKEY0"
PUBLIC_AT = len(MAGIC) + native.SEED_BYTES
FILE_BYTES = PUBLIC_AT + native.PUBLIC_KEY_BYTES
HOLE = bytes(8)
"""What a power cut puts in place of bytes; random ones have it once in 2^59 keys."""

MIN_DIFFERENT = 16
"""Values among a seed's bytes: a random one has some 30, a flash cell that was erased one."""


def read_public() -> bytes | None:
    """The public half of this machine's key, None where it has no key.

    It is empty where the file is not as this release writes it: then `key_file.local_public` has to be asked.
    """
    path = local_path()
    fd = files.open_guarded(path, files.OTHERS_ANY) if path else -1
    if fd < 0:
        return None
    try:
        # The seed stays out of memory, and working its half out would take a Pi Zero 2 ms.
        size, public = posix.fstat(fd).st_size, posix.pread(fd, native.PUBLIC_KEY_BYTES, PUBLIC_AT)
        is_whole = size == FILE_BYTES and posix.pread(fd, len(MAGIC), 0) == MAGIC and looks_random(public)
        return public if is_whole else b""
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)


def looks_random(content: bytes | bytearray) -> bool:
    """Whether bytes may be those of a key: not emptied, not of an erased flash cell."""
    return HOLE not in content and len(set(content)) >= MIN_DIFFERENT


def local_path() -> str:
    """Where this machine's key is kept; empty where it can't be kept."""
    data = paths.data_home()
    return f"{data}/edge/keys/local.key" if data else ""
