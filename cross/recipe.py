"""How cargo is called to build the native library."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cross import cache, targets, toolchain
from cross.targets import Target
from cross.toolchain import Rust, Zig

NATIVE = cache.ROOT / "native"
SOURCES = (NATIVE / "src", NATIVE / "Cargo.toml", NATIVE / "Cargo.lock")
HERE = Path(__file__).parent

# The standard library comes with the same settings as ours, and without what symbolizes backtraces: ours is
# stripped.
BUILD_STD = ("-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size", "-Zjson-target-spec")

# Without its SIMD opcodes, which the engine profile leaves out anyway, Pulley's loop is faster on an ARM1176.
# Panics that end a process need no source locations, and nobody reads `{:?}` on a device.
SMALL = ("-Zlocation-detail=none", "-Zfmt-debug=none")

PULLEY_CFG = "--cfg=pulley_disable_interp_simd"

# Beside the library, the same with its symbols: for the ELF gate, and to see what takes the space.
UNSTRIPPED = "libedge.unstripped.so"


@dataclass(frozen=True)
class Recipe:
    """What one library is made with. Without `triple` it is for this machine, and the one that compiles."""

    target: Target
    kind: str
    rust: Rust
    zig: Zig | None = None
    triple: str = ""
    aim: str = ""

    @property
    def name(self) -> str:
        """The target's name, or another for its static library."""
        return self.target.name + ("-static" if self.kind == "staticlib" else "")

    @property
    def file(self) -> str:
        """The name of the library."""
        return "libedge.a" if self.kind == "staticlib" else "libedge.so"

    @property
    def is_shipped(self) -> bool:
        """Whether devices get it, so that it has to pass the ELF gate."""
        return bool(self.triple) and self.kind == "cdylib"

    @property
    def key(self) -> str:
        """A name for all that the library is made of."""
        files = [*SOURCES, *filter(None, [self._specification])]
        tools = (self.rust.version, self.zig.version if self.zig else "", toolchain.DRIVER, self._drivers())
        return cache.key(*files, *tools, self.triple, *self._options(), *self._cfg())

    @property
    def folder(self) -> Path:
        """Where cargo works."""
        return cache.root() / "cargo" / self.name

    @property
    def built(self) -> Path:
        """What cargo makes."""
        return self.folder / self.triple / self._profile / self.file

    @property
    def tools(self) -> str:
        """The compilers, for people."""
        return self.rust.version + (f", zig {self.zig.version}" if self.zig else "")

    def fetch(self) -> list[str]:
        """The command that gets the crates."""
        return [self.rust.cargo, "fetch", "--locked"]

    def build(self) -> list[str]:
        """The command that builds."""
        target = ["--target", str(self._specification or self.triple)] if self.triple else []
        return [self.rust.cargo, "rustc", "--locked", "--lib", *self._options(), *target]

    def lint(self) -> list[list[str]]:
        """The commands that judge the code."""
        clippy = [self.rust.cargo, "clippy", "--locked", *self._features(), "--", "--deny=warnings"]
        return [[self.rust.cargo, "fmt", "--check"], clippy]

    def environment(self) -> dict[str, str]:
        """The environment of these commands; complete once the crates are there, whose folders it names."""
        env = self.rust.environment()
        env["CARGO_TARGET_DIR"] = str(self.folder)
        env["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join([*self._remap(), *self._cfg()])
        env["EDGE_UNSTRIPPED"] = str(self.folder / UNSTRIPPED)
        env["ZIG_GLOBAL_CACHE_DIR"] = str(cache.root() / "zig")
        if self.zig:
            for variable, name, commands in self._drivers():
                env[variable] = str(self.zig.driver(self.folder, name, *commands))
        return env

    @property
    def _profile(self) -> str:
        return "device" if self.triple else "host"

    @property
    def _specification(self) -> Path | None:
        file = HERE / f"{self.triple}.json"
        return file if file.is_file() else None

    def _features(self) -> list[str]:
        return [] if self.triple else ["--features", "compiler"]

    def _options(self) -> list[str]:
        options = ["--profile", self._profile, "--crate-type", self.kind, *self._features()]
        return options + (list(BUILD_STD) if self.triple else [])

    def _cfg(self) -> list[str]:
        small = list(SMALL) if self.triple else []
        return small + ([PULLEY_CFG] if self.target.engine.startswith("pulley") else [])

    def _remap(self) -> list[str]:
        cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
        crates = sorted((cargo_home / "registry" / "src").glob("*"))
        names = {self.rust.library: "rust", self.folder: "build", **dict.fromkeys(crates, "crates")}
        return [f"--remap-path-prefix={path}={name}" for path, name in names.items()]

    def _drivers(self) -> list[tuple[str, str, list[str]]]:
        """What cargo calls in place of gcc and ar: by which variable, the program, and its zig commands."""
        triple = self.triple.replace("-", "_")
        cc = f'cc {self.aim} "$@"'
        link = f"{cc} -lunwind"
        return [
            (
                f"CARGO_TARGET_{triple.upper()}_LINKER",
                "link-cc",
                [f'{link} -o "$EDGE_UNSTRIPPED"', f"{link} -Wl,--strip-all"],
            ),
            (f"CC_{triple}", "cc", [cc]),
            (f"AR_{triple}", "ar", ['ar "$@"']),
        ]


def recipe(name: str, *, static: bool = False) -> Recipe:
    """The recipe for a target of the table, or for its static library."""
    target = targets.get(name)
    kind = "staticlib" if static else "cdylib"
    if not target.is_device:
        return Recipe(target, kind, toolchain.rust(build_std=False))
    row = target.static if static else target
    if row is None:
        raise targets.UnknownTarget(f"targets.toml says nothing of a static library for {name}")
    aim = f"-target {row.zig} -mcpu={target.cpu}"
    return Recipe(target, kind, toolchain.rust(build_std=True), toolchain.zig(), row.triple, aim)
