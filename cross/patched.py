"""Crates that are built with an edit: the published source, verified, edited in the build cache.

RATIONALE.md, "Why one line of a crate is edited when the library is built". This repository contains no code
of such a crate: an edit names a place in the published source, and fails if it is not found.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tomllib

from cross import cache


class PatchFailed(Exception):
    """The published source is missing, differs from Cargo.lock, or lacks the place of an edit."""


@dataclass(frozen=True)
class Edit:
    """A new line in a published crate.

    crate, file  the file to edit
    after        a pattern that matches exactly one place of the file; the line goes after it
    line         the new line; it may refer to groups of the pattern
    """

    crate: str
    file: str
    after: str
    line: str

    def apply(self, text: str) -> str:
        """The file's text with the line; raises PatchFailed unless there is exactly one place for it."""
        found = re.findall(self.after, text)
        if len(found) != 1:
            raise PatchFailed(
                f"{self.crate}: {self.file} has {len(found)} places that match {self.after!r} instead of "
                f"one: check the release's changes and adapt {Path(__file__).name}"
            )
        return re.sub(self.after, rf"\g<0>{self.line} // added by Edge, {Path(__file__).name}\n", text)


COLD_OUT_OF_FUEL = Edit(
    crate="wasmtime-internal-cranelift",
    file="src/func_environ.rs",
    after=r"\n    fn fuel_check\((?:.*\n)+?( +)let (\w*out_of_gas\w*) = .*;\n",
    line=r"\1builder.set_cold_block(\2);",
)
"""Moves the code for the case that no fuel is left to the end of a function."""

EDITS = (COLD_OUT_OF_FUEL,)


def flags(lock: Path, folder: Path) -> list[str]:
    """Options that make cargo build the edited crates in place of those that `lock` pins.

    Puts the edited crates into the cache, and into `folder` a lock file that takes them from there. Raises
    PatchFailed if a crate cannot be edited.
    """
    derived = folder / "lock" / "Cargo.lock"
    options = ["-Zlockfile-path", "--config", f"resolver.lockfile-path='{derived}'"]
    text = lock.read_text()
    for crate in sorted({edit.crate for edit in EDITS}):
        version, digest = pinned(text, crate)
        source = cache.product(
            f"crate-{crate}",
            cache.key(digest, *EDITS),
            partial(_edited, crate, version, digest, [edit for edit in EDITS if edit.crate == crate]),
        )
        options += ["--config", f"patch.crates-io.{crate}.path='{source}'"]
        text = without_source(text, crate)
    derived.parent.mkdir(parents=True, exist_ok=True)
    derived.write_text(text)
    return options


def pinned(lock: str, crate: str) -> tuple[str, str]:
    """Version and SHA-256 of a crate, which the lock file must contain exactly once."""
    found = [package for package in tomllib.loads(lock)["package"] if package["name"] == crate]
    if len(found) != 1 or "checksum" not in found[0]:
        raise PatchFailed(f"Cargo.lock pins {len(found)} published versions of {crate} instead of one")
    return found[0]["version"], found[0]["checksum"]


def without_source(lock: str, crate: str) -> str:
    """The lock file for a crate in a folder: its entry has no source."""
    entry = re.compile(rf'(\nname = "{re.escape(crate)}"\nversion = ".*"\n)source = ".*"\nchecksum = ".*"\n')
    text, count = entry.subn(r"\1", lock)
    if count != 1:
        raise PatchFailed(f"Cargo.lock has {count} entries of {crate} with a source instead of one")
    return text


def archives(crate: str, version: str) -> list[Path]:
    """The archives of a crate that cargo fetched, from each registry."""
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    return sorted((cargo_home / "registry" / "cache").glob(f"*/{crate}-{version}.crate"))


def _edited(crate: str, version: str, digest: str, edits: Iterable[Edit], stage: Path) -> None:
    found = archives(crate, version)
    archive = next((path for path in found if hashlib.sha256(path.read_bytes()).hexdigest() == digest), None)
    if archive is None:
        seen = ", ".join(map(str, found)) or "none"
        raise PatchFailed(f"{crate} {version}: no archive with the digest in Cargo.lock; found: {seen}")
    _unpack(archive, f"{crate}-{version}", stage)
    for edit in edits:
        file = stage / edit.file
        if not file.is_file():
            raise PatchFailed(f"{crate} {version} has no {edit.file}")
        file.write_text(edit.apply(file.read_text()))


def _unpack(archive: Path, top: str, stage: Path) -> None:
    """Regular files only; a published crate has no others."""
    with tarfile.open(archive) as members:
        for member in members:
            path = Path(member.name)
            source = members.extractfile(member)
            if not member.isfile() or source is None or path.parts[0] != top or ".." in path.parts:
                raise PatchFailed(f"{archive.name}: {member.name} is not below {top}")
            target = stage.joinpath(*path.parts[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
