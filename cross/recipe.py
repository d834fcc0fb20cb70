"""How the native library of a target is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cross import cache, patched, targets, toolchain
from cross.targets import Target
from cross.toolchain import Rust, Zig

NATIVE = cache.ROOT / "native"
SOURCES = (NATIVE / "src", NATIVE / "Cargo.toml", NATIVE / "Cargo.lock")
HERE = Path(__file__).parent

# The standard library is built with the same settings, and without symbolizing backtraces: ours is stripped.
BUILD_STD = ("-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size", "-Zjson-target-spec")

# Pulley is faster on an ARM1176 without its SIMD opcodes, which the engine profile leaves out anyway, and
# where each operation ends in a tail call of the next: RATIONALE.md, "Why words may be unaligned, and Pulley
# ends its operations in tail calls".
# Nobody reads `{:?}` on a device. RATIONALE.md, "Why the libraries know no source locations".
SMALL = ("-Zlocation-detail=none", "-Zfmt-debug=none")

PULLEY_CFG = ("--cfg=pulley_disable_interp_simd", "--cfg=pulley_tail_calls")

# The same library with its symbols: for the ELF check, and to analyse its size.
UNSTRIPPED = "libedge.unstripped.so"

# The order of functions (cross/layout.py); the linker finds it beside its driver.
LAYOUT = HERE / "layout.ld"


@dataclass(frozen=True)
class Recipe:
    """The recipe of one library. Without `triple` it is for this machine, with the compiler.

    released  optimised as in releases; RATIONALE.md, "Why the dev machine's library is optimised so little"
    """

    target: Target
    kind: str
    rust: Rust
    zig: Zig | None = None
    triple: str = ""
    aim: str = ""
    released: bool = False

    @property
    def name(self) -> str:
        """The target's name; static and released libraries have names of their own."""
        return (
            self.target.name
            + ("-static" if self.kind == "staticlib" else "")
            + ("-released" if self.released else "")
        )

    @property
    def file(self) -> str:
        """The name of the library."""
        return "libedge.a" if self.kind == "staticlib" else "libedge.so"

    @property
    def is_shipped(self) -> bool:
        """Whether devices get it, so that it must pass the ELF check."""
        return bool(self.triple) and self.kind == "cdylib"

    @property
    def key(self) -> str:
        """A digest of the library's inputs."""
        files = [*SOURCES, *filter(None, [self.specification]), *([LAYOUT] if self.is_shipped else [])]
        tools = (self.rust.version, self.zig.version if self.zig else "", toolchain.DRIVER, self.drivers())
        edits = [] if self.triple else patched.EDITS
        return cache.key(*files, *tools, self.triple, *self.command(), *self.cfg(), *edits)

    @property
    def folder(self) -> Path:
        """Cargo's folder. Devices share a folder, and with it the build tools of this machine."""
        shared = "host" if not self.triple else "static" if self.kind == "staticlib" else "devices"
        return cache.root() / "cargo" / shared

    @property
    def built(self) -> Path:
        """The file that cargo builds."""
        return self.folder / self.triple / self._profile / self.file

    @property
    def unstripped(self) -> Path:
        """The file that the linker writes beside it."""
        return self.folder / f"{self.triple}.{UNSTRIPPED}"

    @property
    def tools(self) -> str:
        """The compilers, for display."""
        return self.rust.version + (f", zig {self.zig.version}" if self.zig else "")

    @property
    def specification(self) -> Path | None:
        """The target file, for a triple that rustc does not know."""
        file = HERE / f"{self.triple}.json"
        return file if file.is_file() else None

    def command(self) -> list[str]:
        """Cargo's arguments, the same for every recipe that shares its folder."""
        verb = ["rustc", "--crate-type", self.kind] if self.kind == "staticlib" else ["build"]
        options = ["--locked", "--lib", "--profile", self._profile, *self._features()]
        return verb + options + (list(BUILD_STD) if self.triple else [])

    def cfg(self) -> list[str]:
        """The compiler's options."""
        small = list(SMALL) if self.triple else []
        return small + (list(PULLEY_CFG) if self.target.engine.startswith("pulley") else [])

    def drivers(self) -> list[tuple[str, str, list[str]]]:
        """Replacements for gcc and ar: the variable, the program and its zig commands."""
        triple = self.triple.replace("-", "_")
        cc = f'cc {self.aim} "$@"'
        link = f'{cc} -lunwind -Wl,-T,"${{0%/*}}/{LAYOUT.name}"'
        unstripped = f'{link} -o "${{0%/*}}/{self.unstripped.name}"'
        return [
            (f"CARGO_TARGET_{triple.upper()}_LINKER", "link-cc", [unstripped, f"{link} -Wl,--strip-all"]),
            (f"CC_{triple}", "cc", [cc]),
            (f"AR_{triple}", "ar", ['ar "$@"']),
        ]

    @property
    def _profile(self) -> str:
        if not self.triple:
            return "released" if self.released else "host"
        return "static" if self.kind == "staticlib" else "device"

    def _features(self) -> list[str]:
        return [] if self.triple else ["--features", "compiler"]


def recipe(name: str, *, static: bool = False, released: bool = False) -> Recipe:
    """The recipe for a target of the table, or for its static library; `released`: as in releases."""
    target = targets.get(name)
    kind = "staticlib" if static else "cdylib"
    if not target.is_device:
        return Recipe(target, kind, toolchain.rust(build_std=False), released=released)
    row = target.static if static else target
    if row is None:
        raise targets.UnknownTarget(f"targets.toml has no entry for a static library for {name}")
    aim = f"-target {row.zig} -mcpu={target.cpu}"
    return Recipe(target, kind, toolchain.rust(build_std=True), toolchain.zig(), row.triple, aim)
