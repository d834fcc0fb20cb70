"""Debian's own Python of another architecture, emulated: `python -m cross.sysroot TARGET -- ARGUMENTS...`.

It sees this checkout and, below `/lib` and `/usr`, the files of its own Debian first. It cannot start
programs of its architecture, not even itself. Its memory figures are the emulator's; memory is measured on
the board.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cross import cache, debian, targets
from cross.debian import DebianError
from cross.targets import UnknownTarget, Userland
from cross.toolchain import ToolMissing

PACKAGES = ("python3", "python3-cffi-backend")


def userland(target: str) -> Path:
    """The unpacked Debian of a target: Python, the cffi backend and what they need."""
    return debian.tree(_userland(target).debian, PACKAGES)


def emulator(target: str, cpu: str | None = None) -> list[str]:
    """The command prefix for a program of the target, on its userland's CPU or another."""
    row = targets.get(target)
    program = shutil.which(row.emulator) if row.emulator else None
    if program is None:
        wanted = row.emulator or "emulator"
        raise ToolMissing(f"no {wanted} for {target} here: install Debian's qemu-user-static")
    return [program, "-cpu", cpu or _userland(target).cpu]


def python(
    target: str,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs the target's Python; `env` adds to this environment. The result has output as text."""
    return subprocess.run(
        command(target, arguments),
        check=False,
        capture_output=True,
        text=True,
        env=environment(target, env or {}),
        timeout=timeout,
    )


def command(target: str, arguments: Sequence[str]) -> list[str]:
    """The command that `python` runs."""
    tree = userland(target)
    return [
        *emulator(target, _userland(target).cpu),
        "-L",
        str(tree),
        str(tree / "usr" / "bin" / "python3"),
        *arguments,
    ]


def environment(target: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of `python`: this one, with the checkout and the cffi backend to import from."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {
        **inherited,
        "PYTHONPATH": f"{cache.ROOT}:{userland(target) / 'usr' / 'lib' / 'python3' / 'dist-packages'}",
        "PYTHONPYCACHEPREFIX": str(cache.root() / "pycache" / target),
        **extra,
    }


def _userland(target: str) -> Userland:
    found = targets.get(target).userland
    if found is None:
        raise UnknownTarget(f"targets.toml has no userland for {target}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the target's Python and exits with its status."""
    parser = argparse.ArgumentParser(prog="python -m cross.sysroot", description=__doc__)
    parser.add_argument("target", choices=[name for name, row in targets.table().items() if row.userland])
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- ARGUMENTS")
    options = parser.parse_args(arguments)
    wanted = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    try:
        line, env = command(options.target, wanted), environment(options.target, {})
    except (DebianError, ToolMissing, UnknownTarget) as error:
        print(error, file=sys.stderr)
        return 1
    return subprocess.run(line, check=False, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
