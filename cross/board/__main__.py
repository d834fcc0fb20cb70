"""The command line: cross/pizero."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cross.board import Board, BoardError, bundle
from cross.board.board import TIMEOUT
from cross.board.report import document, summary
from cross.debian import DebianError
from cross.toolchain import ToolMissing

USAGE = 2
ENVIRONMENT = 5
INTERRUPTED = 128 + signal.SIGINT

DESCRIPTION = """\
Runs a command on an emulated Raspberry Pi Zero that has `edge` installed, and exits with its code."""
EPILOG = """\
example: cross/pizero --icount --with tool.pulley32.cwasm -- edge run tool.pulley32.cwasm '{"count": 2}'

Memory figures are those of the command's own process: peak including mapped files (VmHWM), and peak of
anonymous memory.
virtual_ms is meaningful only with --icount: every instruction costs 2 ns, and results repeat exactly.
Exits with 2 on wrong usage and with 5 if the board cannot be started."""


def main(arguments: Sequence[str]) -> int:
    """Runs one command on a new board."""
    options, command = _parse(arguments)
    try:
        with _board(options) as board:
            talk(f"booted in {board.boot_s:.1f} s")
            result = board.run(command, timeout=options.timeout)
            if options.json:
                print(json.dumps(document(board, result)))
            else:
                sys.stdout.buffer.write(result.stdout)
                sys.stdout.flush()
                sys.stderr.buffer.write(result.stderr)
                sys.stderr.flush()
            talk(summary(board, result))
            return result.exit
    except (BoardError, DebianError, ToolMissing) as error:
        talk(str(error))
        return ENVIRONMENT
    except KeyboardInterrupt:
        return INTERRUPTED


def talk(text: str) -> None:
    """Prints progress."""
    print(f"pizero: {text}", file=sys.stderr, flush=True)


def _board(options: argparse.Namespace) -> Board:
    with tempfile.TemporaryDirectory(prefix="edge-board-") as folder:
        talk("creating the bundle")
        installed = bundle.make(Path(folder))
        talk("booting")
        return Board(options.files, bundle=installed, icount=options.icount)


def _parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, Sequence[str]]:
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="cross/pizero",
        usage="%(prog)s [--with FILE...] [--icount] [--json] [--timeout SECONDS] -- COMMAND...",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument(
        "--with", dest="files", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help="files and folders to copy to the command's working directory",
    )  # fmt: skip
    parser.add_argument(
        "--icount", action="store_true", help="derive the board's time from executed instructions"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document with the measurements")
    parser.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT,
        metavar="SECONDS",
        help="seconds on the board's clock (%(default).0f)",
    )
    own, dashes, command = _split(arguments)
    options = parser.parse_args(own)
    if not (dashes and command):
        parser.error("write the command after `--`: cross/pizero -- edge --help")
    return options, command


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], bool, Sequence[str]]:
    if "--" not in arguments:
        return arguments, False, []
    at = list(arguments).index("--")
    return arguments[:at], True, arguments[at + 1 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
