"""The native library for a target: `python -m cross.build TARGET...`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cross import cache, elf, targets
from cross.recipe import NATIVE, UNSTRIPPED, Recipe, recipe
from cross.targets import UnknownTarget
from cross.toolchain import ToolMissing


class BuildFailed(Exception):
    """The compiler said no, its own words are above; or the library must not ship."""


def library(target: str, *, static: bool = False) -> Path:
    """The finished libedge.so (or, static, libedge.a) of a target, built where the cache lacks it."""
    made_by = recipe(target, static=static)
    folder = cache.product(f"lib-{made_by.name}", made_by.key, lambda stage: _build(made_by, stage))
    return folder / made_by.file


def lint() -> None:
    """Runs rustfmt and clippy over the library's code."""
    made_by = recipe("host")
    for command in made_by.lint():
        _cargo(made_by, command)


def _build(made_by: Recipe, stage: Path) -> None:
    started = time.monotonic()
    print(f"{made_by.name}: building {made_by.file} with {made_by.tools}", file=sys.stderr, flush=True)
    with cache.lock(f"cargo-{made_by.name}"):
        made_by.folder.mkdir(parents=True, exist_ok=True)
        # Checkouts share the folder, and cargo takes the library of another one for that of this one.
        made_by.built.unlink(missing_ok=True)
        (made_by.built.parent / "deps" / made_by.file).unlink(missing_ok=True)
        _cargo(made_by, made_by.fetch())
        _cargo(made_by, made_by.build())
        shutil.copy2(made_by.built, stage)
        if made_by.is_shipped:
            shutil.copy2(made_by.folder / UNSTRIPPED, stage)
            _gate(made_by, stage)
    size = (stage / made_by.file).stat().st_size / 1024 / 1024
    print(f"{made_by.name}: {size:.2f} MB in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _cargo(made_by: Recipe, command: list[str]) -> None:
    done = subprocess.run(command, check=False, cwd=NATIVE, env=made_by.environment(), stdout=sys.stderr)
    if done.returncode < 0:
        raise BuildFailed(f"{made_by.name}: `cargo {command[1]}` was killed by signal {-done.returncode}")
    if done.returncode:
        raise BuildFailed(f"{made_by.name}: `cargo {command[1]}` failed, see its messages above")


def _gate(made_by: Recipe, stage: Path) -> None:
    found = elf.complaints(made_by.target.name, stage / made_by.file, stage / UNSTRIPPED)
    if found:
        raise BuildFailed(f"{made_by.name}: the library must not ship: {'; '.join(found)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds for every target named and prints where the libraries are."""
    parser = argparse.ArgumentParser(prog="python -m cross.build", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets.table()))
    parser.add_argument("--static", action="store_true", help="libedge.a, for static C programs")
    parser.add_argument("--lint", action="store_true", help="rustfmt and clippy")
    options = parser.parse_args(arguments)
    try:
        if options.lint:
            lint()
        for name in options.targets:
            print(library(name, static=options.static))
    except (BuildFailed, ToolMissing, UnknownTarget) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
