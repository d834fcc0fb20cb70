"""Generates edge/_native/_ffi.py from native/edge.h: `python -m edge.dev.generate_ffi`.

cffi's out-of-line ABI mode needs neither a compiler nor pycparser where it runs, only `_cffi_backend`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
HEADER = PACKAGE.parent / "native" / "edge.h"
MODULE = PACKAGE / "_native" / "_ffi.py"


def generate(header: str) -> str:
    """The module for a header, which must consist of plain declarations and numeric `#define`s."""
    import cffi

    ffi = cffi.FFI()
    ffi.cdef(header)
    ffi.set_source("edge._native._ffi", None)
    with tempfile.TemporaryDirectory(prefix="edge-ffi-") as scratch:
        module = Path(scratch) / "_ffi.py"
        ffi.emit_python_code(str(module))
        return module.read_text()


def main() -> int:
    """Writes the module and prints its path."""
    MODULE.write_text(generate(HEADER.read_text()))
    print(MODULE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
