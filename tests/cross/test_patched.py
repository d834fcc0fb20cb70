from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from cross import cargo, patched
from cross.patched import Edit, PatchFailed

CRATE, VERSION = "some-crate", "1.2.3"
EDIT = Edit(CRATE, "src/lib.rs", r"\n( +)let (\w+) = new\(\);\n", r"\1cold(\2);")
SOURCE = "fn f() {\n    let block = new();\n    g(block);\n}\n"


def lock(digest: str, *, copies: int = 1) -> str:
    entry = (
        f'\n[[package]]\nname = "{CRATE}"\nversion = "{VERSION}"\nsource = "registry"\n'
        f'checksum = "{digest}"\ndependencies = ["b"]\n'
    )
    return f"version = 4\n{entry * copies}"


def crate(path: Path, files: dict[str, str]) -> str:
    """Writes a crate's archive as registries have it, and returns its digest."""
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where cargo puts what it fetched; the cache of products is empty."""
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "cargo"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(patched, "EDITS", (EDIT,))
    folder = tmp_path / "cargo/registry/cache/index"
    folder.mkdir(parents=True)
    return folder / f"{CRATE}-{VERSION}.crate"


def test_a_line_is_added_at_the_one_place_that_fits() -> None:
    assert EDIT.apply(SOURCE) == (
        "fn f() {\n    let block = new();\n    cold(block); // added by Edge, patched.py\n    g(block);\n}\n"
    )


@pytest.mark.parametrize("source", ["fn f() {}\n", SOURCE + SOURCE])
def test_another_release_without_the_place_fails_the_build(source: str) -> None:
    with pytest.raises(PatchFailed, match="places that match"):
        EDIT.apply(source)


def test_cargo_takes_the_edited_crate_in_place_of_what_is_pinned(fetched: Path, tmp_path: Path) -> None:
    digest = crate(
        fetched, {f"{CRATE}-{VERSION}/src/lib.rs": SOURCE, f"{CRATE}-{VERSION}/Cargo.toml": "manifest"}
    )
    path = tmp_path / "Cargo.lock"
    path.write_text(lock(digest))
    flags = patched.flags(path, tmp_path / "build")
    [folder] = [flag.split("'")[1] for flag in flags if flag.startswith("patch.crates-io.")]
    assert (Path(folder) / "src/lib.rs").read_text() == EDIT.apply(SOURCE)
    assert (Path(folder) / "Cargo.toml").read_text() == "manifest"
    derived = (tmp_path / "build" / "lock" / "Cargo.lock").read_text()
    assert derived == lock(digest).replace('source = "registry"\n', "").replace(
        f'checksum = "{digest}"\n', ""
    )


@pytest.mark.parametrize(
    ("files", "change", "copies", "why"),
    [
        pytest.param({}, "0" * 64, 1, "no archive with the digest", id="other contents than Cargo.lock pins"),
        pytest.param({"a": SOURCE}, "", 1, "is not below", id="a file that is not the crate's"),
        pytest.param(
            {f"{CRATE}-{VERSION}/../a": SOURCE}, "", 1, "is not below", id="a way out of its folder"
        ),
        pytest.param({f"{CRATE}-{VERSION}/a": SOURCE}, "", 1, "has no src/lib.rs", id="no such file"),
        pytest.param({}, "", 2, "pins 2", id="two versions"),
        pytest.param({}, "", 0, "pins 0", id="none"),
    ],
)
def test_what_is_not_the_pinned_crate_fails_the_build(
    fetched: Path, tmp_path: Path, files: dict[str, str], change: str, copies: int, why: str
) -> None:
    digest = crate(fetched, files)
    path = tmp_path / "Cargo.lock"
    path.write_text(lock(change or digest, copies=copies) if copies else "version = 4\npackage = []\n")
    with pytest.raises(PatchFailed, match=why):
        patched.flags(path, tmp_path / "build")


def test_only_what_compiles_is_built_with_edits() -> None:
    """Devices have no compiler: nothing of theirs changes."""
    from cross.recipe import recipe

    assert cargo._patches(recipe("pi-zero")) == []
    assert any(flag.startswith("patch.crates-io.") for flag in cargo._patches(recipe("host")))
