"""Rust plugins, built by a toolchain with wasm targets or by one with the standard library's sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tomllib

from cross import cache, toolchain
from cross.guests import adapter, zig
from cross.guests.errors import BuildFailed
from cross.toolchain import Rust

# Options that build the standard library, where a target has no prebuilt one.
BUILD_STD = ("-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size")


@dataclass(frozen=True)
class Builder:
    """A Rust for one wasm target."""

    rust: Rust
    target: str
    builds_std: bool

    @property
    def links_libc(self) -> bool:
        """Whether the C library of prebuilt targets must come from elsewhere."""
        return self.builds_std and "wasi" in self.target

    def __str__(self) -> str:
        library = "from source" if self.builds_std else "prebuilt"
        return f"{self.rust.version}, {self.target}, standard library {library}"


def builder(source: Path) -> Builder:
    """The builder of the plugin in `source`, for the target in its own .cargo/config.toml."""
    config = tomllib.loads((source / ".cargo" / "config.toml").read_text())
    target = config["build"]["target"]
    cargo, rustc = shutil.which("cargo"), shutil.which("rustc")
    found = _ask(rustc, "--print", "sysroot") if cargo and rustc else ""
    # rustup's rustc prints nothing while no toolchain is selected.
    if cargo and rustc and found:
        sysroot = Path(found)
        if (sysroot / "lib" / "rustlib" / target).is_dir():
            return Builder(Rust(cargo, rustc, _ask(rustc, "--version"), sysroot), target, builds_std=False)
    return Builder(toolchain.rust(build_std=True), target, builds_std=True)


def workspace(source: Path) -> Path:
    """The folder whose Cargo.lock pins the plugin's dependencies."""
    for folder in (source, *source.parents):
        if (folder / "Cargo.lock").is_file():
            return folder
    raise BuildFailed(f"{source}: no Cargo.lock pins its dependencies; run `cargo generate-lockfile` there")


def lock(source: Path) -> None:
    """Renames the crate in its Cargo.lock, where a copied example still has the other name. Pins stay."""
    locked = tomllib.loads((workspace(source) / "Cargo.lock").read_text())
    if source.name not in (package["name"] for package in locked["package"]):
        by = builder(source)
        _cargo(by, source, by.rust.environment(), ["update", "--workspace"])


def build(source: Path, out: Path) -> None:
    """Builds the plugin in `source` into the file `out`."""
    by = builder(source)
    print(f"{source.name}: {by}", file=sys.stderr)
    # One build at a time in the shared folder, until its product is copied.
    with cache.lock("guests-rust"):
        built = _cargo_build(by, source)
        if by.links_libc:
            adapter.adapt(by.rust, built, out)
        else:
            shutil.copyfile(built, out)


def _cargo_build(by: Builder, source: Path) -> Path:
    shared = cache.root() / "guests" / cache.key(by.rust.version)
    env = by.rust.environment() | {"CARGO_TARGET_DIR": str(shared)}
    if by.builds_std:
        # Always at the same path: cargo builds everything anew for another linker.
        env[f"CARGO_TARGET_{by.target.upper().replace('-', '_')}_LINKER"] = str(zig.linker(shared))
    # Fetched first, so that the folder which _remap hides is there.
    _cargo(by, source, env, ["fetch", "--locked"])
    env["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join([*_remap(by), *_link(by)])
    arguments = ["build", "--release", "--locked", "--target", by.target]
    _cargo(by, source, env, [*arguments, *(BUILD_STD if by.builds_std else ())])
    return shared / by.target / "release" / f"{source.name.replace('-', '_')}.wasm"


def _cargo(by: Builder, source: Path, env: dict[str, str], arguments: Sequence[str]) -> None:
    if subprocess.run([by.rust.cargo, *arguments], check=False, cwd=source, env=env).returncode != 0:
        raise BuildFailed(f"{source}: `cargo {arguments[0]}` failed, see its messages above")


def _remap(by: Builder) -> list[str]:
    """Panic messages contain paths of source files; this keeps the builder's folders out of them."""
    registry = Path(by.rust.environment().get("CARGO_HOME") or Path.home() / ".cargo") / "registry" / "src"
    crates = [f"--remap-path-prefix={folder}=/crates" for folder in sorted(registry.iterdir())]
    return [f"--remap-path-prefix={by.rust.library}=/rust", *crates]


def _link(by: Builder) -> list[str]:
    if not by.links_libc:
        return []
    libc = zig.wasi_libc()
    parts = [f"-Clink-arg={part}" for part in sorted(libc.iterdir())]
    return ["-Clink-self-contained=no", f"-Lnative={libc}", *parts]


def _ask(*command: str) -> str:
    """The output of a program; empty if it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if done.returncode else done.stdout.strip()
