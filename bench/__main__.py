"""Measures every figure of budgets.toml and fails on a miss: `python -m bench [--json] [--readme]`.

--json    the figures as one JSON document on standard output
--readme  puts them into README.md
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from bench import board, versus
from bench.budgets import Report
from cross import build

README = Path(__file__).resolve().parent.parent / "README.md"
BETWEEN = re.compile("(?<=<!-- figures -->\n).*(?=<!-- end of figures -->)", re.DOTALL)
BYTES_PER_MB = 1024 * 1024


def measure() -> Report:
    """Measures everything, and prints a line of progress for each part."""
    report = Report()
    _say("sizes of the libraries")
    for target in ("pi-zero", "x86_64-linux"):
        report.add(f"library size, {target}", build.library(target).stat().st_size / BYTES_PER_MB)
    _say("calls on the emulated Pi Zero")
    for name, value in board.figures().items():
        report.add(name, value)
    _say("beside PyPI wasmtime")
    with tempfile.TemporaryDirectory() as folder:
        memory, time = versus.ratios(versus.Peers(Path(folder)))
    report.add("memory against PyPI wasmtime", memory)
    report.add("start to first answer against PyPI wasmtime", time)
    return report


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


def main() -> int:
    """Returns 1 if a budget is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    report = measure()
    print(report.json() if options.json else report.markdown())
    if options.readme:
        README.write_text(BETWEEN.sub(lambda _: report.markdown() + "\n", README.read_text()))
    for miss in report.misses():
        print(f"bench: over budget: {miss}", file=sys.stderr)
    return 1 if report.misses() else 0


if __name__ == "__main__":
    sys.exit(main())
