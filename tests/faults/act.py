"""`python -m tests.faults.act OPERATION PACKAGES`: one operation, ended as the command line ends it."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from edge import errors
from edge.cli.failure import report
from tests.power import operations


def main(name: str, packages: str) -> int:
    """Its exit code; what went wrong is one JSON document on standard output."""
    operation = operations.OPERATIONS[name]
    if operation.named:
        operations.without_unnamed()
    try:
        # Done again, a removal finds nothing to remove.
        with suppress(errors.NotInstalled):
            operation.act(Path(packages))
    except Exception as error:
        return report(error, as_json=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
