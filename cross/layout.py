"""Orders the library's functions by first use: `python -m cross.layout` writes `layout.ld` again.

The kernel maps 64 kB around each page of a file that is touched. Where what a call runs stands together,
apart from what only verifies and loads and from what hardly ever runs, a call maps less. Names of functions
change with Rust and Wasmtime; what `layout.ld` does not know stays where the linker puts it. RATIONALE, "Why
the library orders its functions and releases its pages".
"""

from __future__ import annotations

import bisect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from cross import build, cache, guests, sysroot
from cross.recipe import LAYOUT, UNSTRIPPED
from cross.toolchain import ToolMissing

TARGET = "pi-zero"
EXAMPLE = "cron-next"

BEGINS_A_CALL = "edge_instance_new"
"""Verifying and loading are over when this function is entered."""

SPAN = 0x200000
"""Maximum size of the library in bytes."""

PROGRAM = """
import sys
from edge.cli import main
status = main(sys.argv[1:])
sys.stderr.write(next("\\nbase " + line for line in open("/proc/self/maps") if "libedge" in line))
sys.exit(status)
"""

HEAD = "/* Written by `python -m cross.layout`: functions in the order of their first use. */\n"

ENTERED = re.compile(r"^Trace .*?\[[0-9a-f]+/([0-9a-f]+)/", re.MULTILINE)
"""A block of instructions that QEMU is about to execute, by its address."""


def main() -> int:
    """Runs an example, from its file and installed, and writes the order of the functions that ran."""
    library = build.library(TARGET)
    loads: dict[str, None] = {}
    calls: dict[str, None] = {}
    with tempfile.TemporaryDirectory() as folder:
        for words in _commands(Path(folder), library):
            names = _entered(library, Path(folder), words)
            begin = names.index(BEGINS_A_CALL)
            loads.update(dict.fromkeys(names[:begin]))
            calls.update(dict.fromkeys(names[begin:]))
    LAYOUT.write_text(script([name for name in loads if name not in calls], calls))
    print(f"{LAYOUT.name}: {len(loads)} functions load, {len(calls)} call", file=sys.stderr)
    return 0


def script(loads: Iterable[str], calls: Iterable[str]) -> str:
    """A linker script that puts these functions before all others."""
    groups = "".join(
        f"  .text.{name} : {{\n{_group(names)}  }}\n" for name, names in (("load", loads), ("call", calls))
    )
    return f"{HEAD}SECTIONS {{\n{groups}}} INSERT BEFORE .text;\n"


def _group(names: Iterable[str]) -> str:
    return "".join(f"    *(.text.{pattern})\n" for pattern in dict.fromkeys(map(_pattern, names)))


def _pattern(name: str) -> str:
    """The name without digests of crates and without the offsets that their lengths change."""
    return re.sub(r"B[0-9A-Za-z]*_", "B*_", re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name))


def _commands(folder: Path, library: Path) -> Iterator[list[str]]:
    wasm, source = guests.build(EXAMPLE), guests.source(EXAMPLE)
    question = json.dumps(json.loads((source / "cases.json").read_text())[0]["arguments"])
    _make(folder, ["compile", str(wasm), "--target", TARGET, "-o", str(folder)])
    yield ["run", str(next(folder.glob("*.cwasm"))), question]
    package = folder / "a.edge"
    _make(folder, ["pack", str(source), "--wasm", str(wasm), "--target", TARGET, "-o", str(package)])
    _run(library, folder, ["install", str(package), "--yes"])
    yield ["call", EXAMPLE, question]


def _make(folder: Path, words: list[str]) -> None:
    env = {**os.environ, **_places(folder)}
    subprocess.run([sys.executable, "-m", "edge", *words], check=True, cwd=cache.ROOT, env=env)


def _entered(library: Path, folder: Path, words: list[str]) -> list[str]:
    """The functions of the library that a command runs, each time that one is entered or returned to."""
    # The first run creates folders, and takes other paths.
    _run(library, folder, words)
    base = _run(library, folder, words)
    log = folder / "log"
    options = ["-d", "exec,nochain", "-dfilter", f"{base:#x}+{SPAN:#x}", "-D", str(log)]
    if _run(library, folder, words, options) != base:
        raise RuntimeError("the library's address changes between runs")
    table = sorted(functions(library.with_name(UNSTRIPPED)))
    names = []
    for digits in ENTERED.findall(log.read_text()):
        address = int(digits, 16) - base
        _, end, name = table[bisect.bisect(table, (address, sys.maxsize, "")) - 1]
        # After the last one are the stubs of other libraries' functions.
        if address < end:
            names.append(name)
    return names


def _run(library: Path, folder: Path, words: list[str], options: Iterable[str] = ()) -> int:
    """Runs a command of the emulated Edge; returns the library's address there."""
    emulator, *command = sysroot.command(TARGET, ["-c", PROGRAM, *words])
    done = subprocess.run(
        # Both runs have the same addresses.
        [_tool("setarch"), "-R", emulator, *options, *command],
        env=sysroot.environment(TARGET, {**_places(folder), "EDGE_LIBRARY": str(library)}),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        check=False,
        text=True,
    )
    found = re.search(r"^base ([0-9a-f]+)-", done.stderr, re.MULTILINE)
    if done.returncode or found is None:
        raise RuntimeError(f"edge {words[0]}: {done.stderr}")
    return int(found[1], 16)


def functions(unstripped: Path) -> Iterator[tuple[int, int, str]]:
    """The beginning, end and name of each function."""
    command = [_tool("nm"), "--defined-only", "--print-size", str(unstripped)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "tTwW":
            # The lowest bit selects the instruction set.
            start = int(fields[0], 16) & ~1
            yield start, start + int(fields[1], 16), fields[3]


def _places(folder: Path) -> dict[str, str]:
    """Environment variables that isolate the emulated machine."""
    return {name: str(folder / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")}


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(
            f"{name} not found: install Debian's {'binutils' if name == 'nm' else 'util-linux'}"
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
