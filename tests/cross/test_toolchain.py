from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cross import toolchain
from cross.toolchain import Rust, ToolMissing, Zig


def compiler(folder: Path, version: str, *, sources: bool) -> Path:
    """A folder with a pretended cargo and rustc."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    answer = f'case $1 in --version) echo "rustc {version}" ;; --print) echo "{folder}" ;; esac\n'
    for name in ("cargo", "rustc"):
        (programs / name).write_text("#!/bin/sh\n" + answer)
        (programs / name).chmod(0o755)
    if sources:
        lock = folder / "lib" / "rustlib" / "src" / "rust" / "library" / "Cargo.lock"
        lock.parent.mkdir(parents=True)
        lock.touch()
    return programs


def chosen(monkeypatch: pytest.MonkeyPatch, folders: list[Path], *, build_std: bool) -> Rust:
    monkeypatch.setattr(toolchain, "_folders", lambda: iter(folders))
    return toolchain.rust.__wrapped__(build_std=build_std)


def test_the_first_compiler_that_fits_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = compiler(tmp_path / "old", "1.63.0", sources=True)
    bare = compiler(tmp_path / "bare", "1.99.0", sources=False)
    full = compiler(tmp_path / "full", "1.99.1", sources=True)
    assert chosen(monkeypatch, [old, bare, full], build_std=False).cargo == str(bare / "cargo")
    assert chosen(monkeypatch, [old, bare, full], build_std=True).cargo == str(full / "cargo")


def test_without_a_compiler_that_fits_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = compiler(tmp_path / "bare", "1.99.0", sources=False)
    with pytest.raises(ToolMissing, match=r"1\.99\.0, without its sources.*rust-web-src"):
        chosen(monkeypatch, [bare], build_std=True)


def test_what_zig_does_not_understand_is_kept_from_it(tmp_path: Path) -> None:
    driver = Zig(Path("/bin/echo"), "0").driver(tmp_path, "cc", 'cc -target there "$@" -lunwind', 'cc "$@"')
    arguments = ["-lgcc_s", "a b.o", "-no-pie", "--target=elsewhere", "-lgcc", "-Wl,--strip-all", "-lc"]
    said = subprocess.run([str(driver), *arguments], check=True, capture_output=True, text=True).stdout
    assert said == "cc -target there a b.o -lc -lunwind\ncc a b.o -lc\n"


def test_a_build_is_not_steered_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUSTFLAGS", "RUSTC_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_PROFILE_RELEASE_LTO"):
        monkeypatch.setenv(name, "other")
    env = Rust("/opt/bin/cargo", "/opt/bin/rustc", "", Path("/opt")).environment()
    assert "other" not in env.values()
    assert env["PATH"].startswith("/opt/bin:")
