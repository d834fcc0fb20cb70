"""The compilers of cross builds: a Rust that can build its standard library, and zig to link and for C.

RATIONALE, "Why one Rust toolchain, Debian's".
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cross.cache import ROOT

# zig brings its own runtime in place of libgcc, decides about position independence itself, and has its own
# names for targets. The commands decide about stripping.
DRIVER = """\
#!/bin/sh
set -e
for argument; do
  shift
  case $argument in
    -lgcc_s | -lgcc | -no-pie | --target=* | -Wl,--strip-*) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
"""

# Variables through which the user's other work would affect these builds.
STEERS_A_BUILD = ("CARGO_BUILD_", "CARGO_ENCODED_", "CARGO_PROFILE_", "CARGO_TARGET_", "RUSTC", "RUSTFLAGS")


class ToolMissing(Exception):
    """No suitable compiler; the message names what to install."""


@dataclass(frozen=True)
class Rust:
    """One cargo with its rustc."""

    cargo: str
    rustc: str
    version: str
    sysroot: Path

    @property
    def library(self) -> Path:
        """The folder of the standard library's sources, if there is one."""
        return self.sysroot / "lib" / "rustlib" / "src" / "rust"

    def environment(self) -> dict[str, str]:
        """The environment of a build: unstable options are allowed, foreign settings removed.

        PATH starts with this cargo's folder, where it looks for its commands first.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(STEERS_A_BUILD)}
        path = f"{Path(self.cargo).parent}:{os.environ.get('PATH', os.defpath)}"
        return {**kept, "PATH": path, "RUSTC": self.rustc, "RUSTC_BOOTSTRAP": "1"}


@dataclass(frozen=True)
class Zig:
    """The zig of the `ziglang` package."""

    program: Path
    version: str

    def driver(self, folder: Path, name: str, *commands: str) -> Path:
        """Writes a program to `folder` that runs zig commands with `"$@"` in place of gcc or ar."""
        script = folder / name
        script.write_text(DRIVER + "".join(f'"{self.program}" {command}\n' for command in commands))
        script.chmod(0o755)
        return script


@cache
def rust(*, build_std: bool) -> Rust:
    """A Rust that is new enough and, for `build_std`, has the sources of its standard library."""
    needed = _minimum()
    found = []
    for folder in _folders():
        cargo, rustc = folder / "cargo", folder / "rustc"
        if not (cargo.is_file() and rustc.is_file()):
            continue
        version = _ask(rustc, "--version")
        sysroot = Path(_ask(rustc, "--print", "sysroot"))
        candidate = Rust(str(cargo), str(rustc), version, sysroot)
        found.append(
            f"{rustc} is {version}" + (", without its sources" if not _has_sources(candidate) else "")
        )
        if _number(version) >= needed and (_has_sources(candidate) or not build_std):
            return candidate
    refusal = f"no Rust >= {'.'.join(map(str, needed))}"
    raise ToolMissing(
        f"{refusal}{' with the sources of its standard library' if build_std else ''} here"
        f" ({'; '.join(found) or 'none at all'}): install Debian's rustc-web, cargo-web and rust-web-src,"
        " or run `rustup toolchain install stable --component rust-src`"
    )


@cache
def zig() -> Zig:
    """The zig of the Python that runs this."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        raise ToolMissing(
            "zig not found in this Python environment: run `pip install ziglang` (`make build` does)"
        )
    program = Path(spec.submodule_search_locations[0]) / "zig"
    return Zig(program, _ask(program, "version"))


def _folders() -> Iterator[Path]:
    """Debian's compiler first, because it comes with sources; then the user's, then rustup's."""
    yield Path("/usr/bin")
    on_path = shutil.which("rustc")
    if on_path:
        yield Path(on_path).parent
    rustup = Path(os.environ.get("RUSTUP_HOME") or Path.home() / ".rustup")
    yield from sorted(rustup.glob("toolchains/*/bin"))


def _has_sources(candidate: Rust) -> bool:
    return (candidate.library / "library" / "Cargo.lock").is_file()


def _minimum() -> tuple[int, ...]:
    manifest = (ROOT / "native" / "Cargo.toml").read_text()
    declared = re.search(r'^rust-version = "([0-9.]+)"', manifest, re.MULTILINE)
    return _number(declared[1] if declared else "0")


def _number(version: str) -> tuple[int, ...]:
    digits = re.search(r"\d+(\.\d+)+", version)
    return tuple(int(part) for part in digits[0].split(".")) if digits else (0,)


def _ask(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
