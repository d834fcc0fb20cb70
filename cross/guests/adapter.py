"""Makes components of core modules that import WASI preview 1, as WASI C libraries do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from cross import cache
from cross.guests.errors import BuildFailed
from cross.toolchain import Rust

SOURCE = Path(__file__).resolve().parent.parent / "adapter"


def adapt(rust: Rust, module: Path, out: Path) -> None:
    """Writes the component of `module` to `out`, as wasm-component-ld does after linking."""
    if subprocess.run([_adapter(rust), module, out], check=False).returncode != 0:
        raise BuildFailed(f"{module.name}: it cannot be made into a component, see the message above")


def _adapter(rust: Rust) -> Path:
    def make(folder: Path) -> None:
        print("adapter: cargo builds it", file=sys.stderr)
        target = cache.root() / "guests" / cache.key(rust.version)
        env = rust.environment() | {"CARGO_TARGET_DIR": str(target)}
        command = [rust.cargo, "build", "--locked", "--manifest-path", str(SOURCE / "Cargo.toml")]
        if subprocess.run(command, check=False, env=env).returncode != 0:
            raise BuildFailed(f"{SOURCE}: `cargo build` failed, see its messages above")
        shutil.copy(target / "debug" / "adapter", folder)

    return cache.product("adapter", cache.key(SOURCE, rust.version), make) / "adapter"
