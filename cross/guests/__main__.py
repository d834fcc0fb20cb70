"""The command line of cross.guests."""

from __future__ import annotations

import sys

from cross.guests import build, names
from cross.guests.errors import BuildFailed, NoSuchPlugin
from cross.toolchain import ToolMissing


def main(arguments: list[str]) -> int:
    """The command line."""
    try:
        for name in arguments or names():
            print(build(name), flush=True)
    except (BuildFailed, NoSuchPlugin, ToolMissing) as error:
        print(f"guests: {error}", file=sys.stderr)
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
