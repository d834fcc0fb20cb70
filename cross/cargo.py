"""Cargo: one run builds the library for all requested targets that share a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cross import cache, patched, targets
from cross.recipe import LAYOUT, NATIVE, Recipe, recipe


class BuildFailed(Exception):
    """The compiler failed, with its own messages above; or the library is not fit to ship."""


def build(recipes: list[Recipe]) -> None:
    """Builds these recipes, which share a folder; only one process may use it at a time."""
    first = recipes[0]
    first.folder.mkdir(parents=True, exist_ok=True)
    for made_by in recipes:
        # Checkouts share the folder, and cargo takes the library of another one for that of this one.
        made_by.built.unlink(missing_ok=True)
        (made_by.built.parent / "deps" / made_by.file).unlink(missing_ok=True)
    _run(first, ["fetch", "--locked"])
    triples = [part for made_by in recipes if made_by.triple for part in ("--target", _target(made_by))]
    flags = [part for made_by in recipes for part in _flags(made_by)]
    _run(first, [*flags, *_patches(first), *first.command(), *triples])


def lint() -> None:
    """Runs rustfmt and clippy on the library's code, with the build output of the host."""
    made_by = recipe("host")
    _run(made_by, ["fmt", "--check"])
    with cache.lock(f"cargo-{made_by.folder.name}"):
        clippy = {
            "RUSTC_WORKSPACE_WRAPPER": str(Path(made_by.rust.cargo).with_name("clippy-driver")),
            # The arguments that cargo clippy passed to clippy-driver.
            "CLIPPY_ARGS": "--deny=warnings__CLIPPY_HACKERY__",
        }
        _run(made_by, [*_flags(made_by), *_patches(made_by), *made_by.command()], **clippy)


def _patches(made_by: Recipe) -> list[str]:
    """Options that make cargo use the edited crates, which only compile."""
    if made_by.triple:
        return []
    try:
        return patched.flags(NATIVE / "Cargo.lock", made_by.folder)
    except patched.PatchFailed as error:
        raise BuildFailed(str(error)) from None


def _run(made_by: Recipe, arguments: list[str], **variables: str) -> None:
    command = [made_by.rust.cargo, *arguments]
    env = _environment(made_by) | variables
    done = subprocess.Popen(command, cwd=NATIVE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.stdout is not None
    for line in done.stdout:
        text = line.decode(errors="replace")
        print(f"{made_by.folder.name}: {text}", end="", file=sys.stderr, flush=True)
    verb = next(word for word in arguments if word in ("fetch", "fmt", "build", "rustc"))
    code = done.wait()
    if code < 0:
        raise BuildFailed(f"{made_by.name}: `cargo {verb}` was killed by signal {-code}")
    if code:
        raise BuildFailed(f"{made_by.name}: `cargo {verb}` failed, see its messages above")


def _environment(made_by: Recipe) -> dict[str, str]:
    env = made_by.rust.environment()
    env["CARGO_TARGET_DIR"] = str(made_by.folder)
    env["ZIG_GLOBAL_CACHE_DIR"] = str(cache.root() / "zig")
    for one in _family(made_by):
        shutil.copy(LAYOUT, one.folder)
        for variable, name, commands in one.drivers():
            assert one.zig is not None
            env[variable] = str(one.zig.driver(one.folder, f"{one.triple}-{name}", *commands))
    return env


def _family(made_by: Recipe) -> list[Recipe]:
    """All recipes that share the folder: with other linkers cargo would rebuild everything."""
    if not made_by.triple:
        return []
    if made_by.kind == "staticlib":
        return [made_by]
    return [recipe(name) for name, target in targets.table().items() if target.is_device]


def _target(made_by: Recipe) -> str:
    return str(made_by.specification or made_by.triple)


def _flags(made_by: Recipe) -> list[str]:
    """The compiler's options; some of them keep folders of this machine out of the library."""
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    crates = sorted((cargo_home / "registry" / "src").glob("*"))
    names = {made_by.rust.library: "rust", made_by.folder: "build", **dict.fromkeys(crates, "crates")}
    flags = [f"--remap-path-prefix={path}={name}" for path, name in names.items()] + made_by.cfg()
    listed = ", ".join(f"'{flag}'" for flag in flags)
    where = f"target.{made_by.triple}" if made_by.triple else "build"
    return ["--config", f"{where}.rustflags=[{listed}]"]
