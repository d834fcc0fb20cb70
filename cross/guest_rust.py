"""Rust plugins, by a toolchain with wasm targets or by one with the standard library's sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import tomllib

from cross import cache, guest_zig
from cross.guest_errors import BuildFailed, ToolMissing

# A target's prebuilt standard library is taken where there is one; otherwise these make one.
BUILD_STD = ("-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size")

# Variables by which a user's other work would get into these builds.
STEERS_A_BUILD = ("CARGO_BUILD_", "CARGO_ENCODED_", "CARGO_PROFILE_", "CARGO_TARGET_", "RUSTC", "RUSTFLAGS")


@dataclass(frozen=True)
class Toolchain:
    """One cargo with its rustc, and whether it has to build the standard library."""

    cargo: str
    rustc: str
    sysroot: Path
    version: str
    builds_std: bool

    def __str__(self) -> str:
        return f"{self.version}, standard library {'from source' if self.builds_std else 'prebuilt'}"


def target_of(source: Path) -> str:
    """The target in the plugin's own .cargo/config.toml, so that a bare `cargo build` means the same."""
    config = tomllib.loads((source / ".cargo" / "config.toml").read_text())
    return str(config["build"]["target"])


def workspace_of(source: Path) -> Path:
    """The folder whose Cargo.lock pins the plugin's dependencies."""
    for folder in (source, *source.parents):
        if (folder / "Cargo.lock").is_file():
            return folder
    raise BuildFailed(f"{source}: no Cargo.lock pins its dependencies; run `cargo generate-lockfile` there")


def find_toolchain(target: str) -> Toolchain:
    """A toolchain with the target's standard library; failing that, one with the sources of it."""
    with_sources = []
    for cargo, rustc in _candidates():
        sysroot = Path(_ask(rustc, "--print", "sysroot"))
        version = _ask(rustc, "--version")
        if (sysroot / "lib" / "rustlib" / target).is_dir():
            return Toolchain(cargo, rustc, sysroot, version, builds_std=False)
        if (sysroot / "lib" / "rustlib" / "src" / "rust" / "library" / "Cargo.lock").is_file():
            with_sources.append(Toolchain(cargo, rustc, sysroot, version, builds_std=True))
    if not with_sources:
        raise ToolMissing(
            f"no Rust toolchain here can build for {target}: run `rustup target add {target}`,"
            " or install Debian's rustc-web, cargo-web and rust-web-src"
        )
    return with_sources[0]


def build(source: Path, out: Path) -> None:
    """Builds the plugin in `source` into the file `out`.

    Without a prebuilt standard library, what comes out for wasm32-wasip2 is the core module that its linker
    would make the component of: it carries the component metadata, and its C library imports WASI preview 1.
    """
    target = target_of(source)
    toolchain = find_toolchain(target)
    print(f"{source.name}: {toolchain}", file=sys.stderr)
    command = [toolchain.cargo, "build", "--release", "--locked", "--target", target]
    if toolchain.builds_std:
        command += BUILD_STD
    # One build at a time in the folder that all of them share, up to the copy.
    with cache.lock("guests-rust"):
        env = _environment(toolchain, target)
        subprocess.run([toolchain.cargo, "fetch", "--locked"], cwd=source, env=env, check=True)
        env["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join([*_remap(toolchain), *_link(toolchain, target)])
        if subprocess.run(command, check=False, cwd=source, env=env).returncode != 0:
            raise BuildFailed(f"{source}: cargo failed, see its messages above")
        built = Path(env["CARGO_TARGET_DIR"]) / target / "release" / f"{source.name.replace('-', '_')}.wasm"
        shutil.copyfile(built, out)


def _candidates() -> list[tuple[str, str]]:
    pairs = [(shutil.which("cargo"), shutil.which("rustc")), ("/usr/bin/cargo", "/usr/bin/rustc")]
    return [(cargo, rustc) for cargo, rustc in pairs if cargo and rustc and os.path.exists(rustc)]


def _ask(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _environment(toolchain: Toolchain, target: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(STEERS_A_BUILD)}
    env["RUSTC"] = toolchain.rustc
    env["CARGO_TARGET_DIR"] = str(cache.root() / "guests" / cache.key(toolchain.version))
    if toolchain.builds_std:
        env["RUSTC_BOOTSTRAP"] = "1"
        env[f"CARGO_TARGET_{target.upper().replace('-', '_')}_LINKER"] = str(guest_zig.linker())
    return env


def _remap(toolchain: Toolchain) -> list[str]:
    """Panic messages name source files; this keeps the builder's folders out of them."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    registries = sorted((home / "registry" / "src").iterdir())
    flags = [f"--remap-path-prefix={toolchain.sysroot / 'lib/rustlib/src/rust'}=/rust"]
    return flags + [f"--remap-path-prefix={registry}=/crates" for registry in registries]


def _link(toolchain: Toolchain, target: str) -> list[str]:
    if not toolchain.builds_std or "wasi" not in target:
        return []
    libc = guest_zig.wasi_libc()
    flags = ["-Clink-self-contained=no", f"-Lnative={libc}"]
    return flags + [f"-Clink-arg={part}" for part in sorted(libc.iterdir())]
