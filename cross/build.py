"""The native library for a target: `python -m cross.build TARGET...`."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from cross import cache, cargo, elf, targets
from cross.cargo import BuildFailed
from cross.recipe import UNSTRIPPED, Recipe, recipe
from cross.targets import UnknownTarget
from cross.toolchain import ToolMissing


def library(target: str, *, static: bool = False) -> Path:
    """The finished libedge.so (or, static, libedge.a) of a target, built unless it is cached."""
    return libraries([target], static=static)[0]


def libraries(names: Sequence[str], *, static: bool = False, released: bool = False) -> list[Path]:
    """The finished libraries of these targets; those for devices are built in one run."""
    recipes = [recipe(name, static=static, released=released) for name in names]
    missing = [made_by for made_by in recipes if not _product(made_by).is_dir()]
    by_folder: dict[Path, list[Recipe]] = {}
    for made_by in missing:
        by_folder.setdefault(made_by.folder, []).append(made_by)
    with ThreadPoolExecutor() as pool:
        list(pool.map(_build, by_folder.values()))
    return [_product(made_by) / made_by.file for made_by in recipes]


def _product(made_by: Recipe) -> Path:
    return cache.folder(f"lib-{made_by.name}", made_by.key)


def _build(recipes: list[Recipe]) -> None:
    started = time.monotonic()
    keys = [made_by.key for made_by in recipes]
    names = ", ".join(made_by.name for made_by in recipes)
    print(f"{names}: building with {recipes[0].tools}", file=sys.stderr, flush=True)
    with cache.lock(f"cargo-{recipes[0].folder.name}"):
        cargo.build(recipes)
        if keys != [made_by.key for made_by in recipes]:
            raise BuildFailed(f"{names}: the sources changed during the build; build again")
        for made_by in recipes:
            cache.product(f"lib-{made_by.name}", made_by.key, partial(_keep, made_by))
            size = (_product(made_by) / made_by.file).stat().st_size / 1024 / 1024
            seconds = time.monotonic() - started
            print(f"{made_by.name}: {size:.2f} MB after {seconds:.0f} s", file=sys.stderr, flush=True)


def _keep(made_by: Recipe, stage: Path) -> None:
    shutil.copy2(made_by.built, stage)
    if not made_by.is_shipped:
        return
    shutil.copy2(made_by.unstripped, stage / UNSTRIPPED)
    found = elf.complaints(made_by.target.name, stage / made_by.file, stage / UNSTRIPPED)
    if found:
        raise BuildFailed(f"{made_by.name}: the library is not fit to ship: {'; '.join(found)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds for every named target and prints the paths of the libraries."""
    parser = argparse.ArgumentParser(prog="python -m cross.build", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets.table()))
    parser.add_argument("--static", action="store_true", help="libedge.a, for static C programs")
    parser.add_argument(
        "--released", action="store_true", help="the optimised compiler for releases; takes minutes to build"
    )
    parser.add_argument("--lint", action="store_true", help="run rustfmt and clippy")
    options = parser.parse_args(arguments)
    try:
        if options.lint:
            cargo.lint()
        for path in libraries(options.targets, static=options.static, released=options.released):
            print(path)
    except (BuildFailed, ToolMissing, UnknownTarget) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
