"""`python -m tests.power.act OPERATION PACKAGES`: one operation, for who writes its calls down."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from edge import errors
from tests.power import naive, operations
from tests.power.recording import DONE


def main(name: str, packages: str) -> None:
    """Does it, and marks the moment at which it returned."""
    if name in naive.WRITERS:
        naive.WRITERS[name](Path(packages))
    else:
        operation = operations.OPERATIONS[name]
        if operation.named:
            operations.without_unnamed()
        # Done again, a removal finds nothing to remove.
        with suppress(errors.NotInstalled):
            operation.act(Path(packages))
    with suppress(FileNotFoundError):
        os.open(DONE, os.O_RDONLY)


if __name__ == "__main__":
    main(*sys.argv[1:])
