"""The library's own SHA-256 for 32-bit ARM, against hashlib's."""

from __future__ import annotations

import hashlib
import json
import random

from cross.board import Board
from edge._native import making
from edge.trust import key_file

BUFFER = 16 << 10
"""What the library reads at once (native/src/reading.rs)."""

LENGTHS = (0, 1, 3, 4, 54, 55, 56, 57, 63, 64, 65, 119, 120, BUFFER - 1, BUFFER + 1, 3 * BUFFER + 56)
"""Around where a block, and the padding in the last one, begins and ends."""

CHECK = """
import sys; sys.path[:0] = ["/opt/edge/lib", "/usr/lib/python3/dist-packages"]
from edge import _native as native
from edge._native import making
with open("digests", "rb") as file:
    said, head = making.describe_package(file.fileno(), "digests", None)
    for entry in said["files"]:
        making.unpack(file.fileno(), "digests", head, entry["name"])
print(len(said["files"]))
"""


def test_files_of_all_kinds_of_length_have_the_digest_that_hashlib_makes(board: Board) -> None:
    source = random.Random(180)
    files = [source.randbytes(length) for length in LENGTHS]
    entries = [
        {"name": f"f{len(data)}", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for data in files
    ]
    text = json.dumps({"format": 1, "files": entries}, sort_keys=True, separators=(",", ":")).encode()
    board.put("digests", making.seal_package(text, key_file.local_seed()) + b"".join(files))
    done = board.run(["python3.11", "-I", "-S", "-c", CHECK])
    assert done.exit == 0, done.stderr
    assert int(done.stdout) == len(LENGTHS)
