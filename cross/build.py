"""The native library for a target: `python -m cross.build TARGET...`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cross import cache, elf, targets, toolchain
from cross.targets import Target
from cross.toolchain import Rust, ToolMissing, Zig

NATIVE = cache.ROOT / "native"
SOURCES = (NATIVE / "src", NATIVE / "Cargo.toml", NATIVE / "Cargo.lock")
HERE = Path(__file__).parent

# The standard library comes with the same settings as ours, and without what symbolizes backtraces: ours is
# stripped.
BUILD_STD = ("-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size", "-Zjson-target-spec")

# An ARM1176 runs Pulley's loop faster without its SIMD opcodes, which the engine profile leaves out anyway.
PULLEY_CFG = "--cfg=pulley_disable_interp_simd"


# Beside the library, the same with its symbols: for the ELF gate, and to see what takes the space.
UNSTRIPPED = "libedge.unstripped.so"


class BuildFailed(Exception):
    """The compiler said no, its own words are above; or the library must not ship."""


@dataclass(frozen=True)
class _Recipe:
    """What one build is made with."""

    target: Target
    rust: Rust
    zig: Zig | None
    triple: str | None
    zig_target: str
    kind: str

    @property
    def name(self) -> str:
        return self.target.name + ("-static" if self.kind == "staticlib" else "")

    @property
    def file(self) -> str:
        return "libedge.a" if self.kind == "staticlib" else "libedge.so"

    @property
    def is_shipped(self) -> bool:
        return self.triple is not None and self.kind == "cdylib"

    @property
    def key(self) -> str:
        zig_version = self.zig.version if self.zig else ""
        files = [HERE / f"{self.triple}.json"] if self._is_ours else []
        code = [HERE / "build.py", HERE / "toolchain.py"]
        return cache.key(*SOURCES, *files, *code, self.target, self.rust.version, zig_version, self.kind)

    @property
    def _is_ours(self) -> bool:
        return (HERE / f"{self.triple}.json").is_file()

    def command(self) -> list[str]:
        profile, feature = ("host", "compiler") if self.triple is None else ("device", "")
        command = [self.rust.cargo, "rustc", "--locked", "--lib", "--profile", profile, "--features", feature]
        command += ["--crate-type", self.kind]
        if self.triple is not None:
            command += [
                "--target",
                str(HERE / f"{self.triple}.json") if self._is_ours else self.triple,
                *BUILD_STD,
            ]
        return command

    def flags(self) -> list[str]:
        cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
        crates = sorted((cargo_home / "registry" / "src").glob("*"))
        renamed = {self.rust.library: "rust", self.folder: "build", **dict.fromkeys(crates, "crates")}
        flags = [f"--remap-path-prefix={path}={name}" for path, name in renamed.items()]
        return flags + ([PULLEY_CFG] if self.target.engine.startswith("pulley") else [])

    @property
    def folder(self) -> Path:
        return cache.root() / "cargo" / self.name

    def environment(self) -> dict[str, str]:
        env = self.rust.environment()
        env["CARGO_TARGET_DIR"] = str(self.folder)
        env["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join(self.flags())
        if self.zig is None or self.triple is None:
            return env
        aim = f"-target {self.zig_target} -mcpu={self.target.cpu}"
        triple = self.triple.replace("-", "_")
        env["ZIG_GLOBAL_CACHE_DIR"] = str(cache.root() / "zig")
        link = f'cc {aim} "$@" -lunwind'
        links = (f'{link} -o "{self.folder / UNSTRIPPED}"', f"{link} -Wl,--strip-all")
        env[f"CARGO_TARGET_{triple.upper()}_LINKER"] = str(self.zig.driver(self.folder, "link-cc", *links))
        env[f"CC_{triple}"] = str(self.zig.driver(self.folder, "cc", f'cc {aim} "$@"'))
        env[f"AR_{triple}"] = str(self.zig.driver(self.folder, "ar", 'ar "$@"'))
        return env


def library(name: str, *, static: bool = False) -> Path:
    """The finished libedge.so (or, static, libedge.a) of a target, built where the cache lacks it."""
    recipe = _recipe(targets.get(name), static=static)
    return cache.product(f"lib-{recipe.name}", recipe.key, lambda stage: _build(recipe, stage)) / recipe.file


def _recipe(target: Target, *, static: bool) -> _Recipe:
    kind = "staticlib" if static else "cdylib"
    if not target.is_device:
        return _Recipe(target, toolchain.rust(build_std=False), None, None, "", kind)
    row = target.static if static else target
    if row is None:
        raise targets.UnknownTarget(f"targets.toml says nothing of a static library for {target.name}")
    return _Recipe(target, toolchain.rust(build_std=True), toolchain.zig(), row.triple, row.zig, kind)


def _build(recipe: _Recipe, stage: Path) -> None:
    started = time.monotonic()
    tools = recipe.rust.version + (f", zig {recipe.zig.version}" if recipe.zig else "")
    print(f"{recipe.name}: building {recipe.file} with {tools}", file=sys.stderr, flush=True)
    with cache.lock(f"cargo-{recipe.name}"):
        recipe.folder.mkdir(parents=True, exist_ok=True)
        _cargo(recipe, [recipe.rust.cargo, "fetch", "--locked"])
        # After the fetch, because the environment names the folders that crates came to.
        _cargo(recipe, recipe.command())
        shutil.copy2(_built(recipe), stage / recipe.file)
        if recipe.is_shipped:
            shutil.copy2(recipe.folder / UNSTRIPPED, stage / UNSTRIPPED)
            _gate(recipe.target, stage)
    size = (stage / recipe.file).stat().st_size / 1024 / 1024
    print(f"{recipe.name}: {size:.2f} MB in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _gate(target: Target, stage: Path) -> None:
    found = elf.complaints(target.name, stage / "libedge.so", stage / UNSTRIPPED)
    if found:
        raise BuildFailed(f"{target.name}: the library must not ship: {'; '.join(found)}")


def _cargo(recipe: _Recipe, command: list[str]) -> None:
    if subprocess.run(
        command, check=False, cwd=NATIVE, env=recipe.environment(), stdout=sys.stderr
    ).returncode:
        raise BuildFailed(f"{recipe.name}: cargo failed, see its messages above")


def _built(recipe: _Recipe) -> Path:
    profile = "host" if recipe.triple is None else f"{recipe.triple}/device"
    return recipe.folder / profile / recipe.file


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds for every target named and prints where the libraries are."""
    parser = argparse.ArgumentParser(prog="python -m cross.build", description=__doc__)
    parser.add_argument("targets", nargs="+", metavar="TARGET", choices=list(targets.table()))
    parser.add_argument(
        "--static", action="store_true", help="libedge.a, for a C program without shared libraries"
    )
    options = parser.parse_args(arguments)
    try:
        for name in options.targets:
            print(library(name, static=options.static))
    except (BuildFailed, ToolMissing, targets.UnknownTarget) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
