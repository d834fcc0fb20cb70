"""The archive that brings Edge to a device: the same bytes for the same contents.

RATIONALE, "Why a bundle trusts the key of the machine that made it".
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from edge import errors, trust
from edge._native import making
from edge._version import __version__
from edge.dev.launcher import modules
from edge.dev.probe import probe
from edge.dev.strip import stripped
from edge.files.staged import Staged
from edge.targets import DEVICES
from edge.trust import key_file

PACKAGE = Path(__file__).resolve().parent.parent
LAUNCHER = PACKAGE / "dev" / "launcher"
LICENSE = PACKAGE.parent / "LICENSE"
TOP = "edge"
COMPRESSION = 9

UNPACKED = 'MADE_OF = "sources"'
"""The line of the launcher that names the sources it was made from."""

TIME = 946_684_800
"""The time of every member, the first second of 2000: FAT can represent it, and tar does not warn."""


def write(path: str, target: str) -> list[str]:
    """Writes the archive for a device; returns the names of its files."""
    probe(path)
    members = dict(sorted(_members(target)))
    listed = "".join(
        f"{hashlib.sha256(contents).hexdigest()}  {name}\n" for name, (contents, _) in members.items()
    )
    members[f"{TOP}/{modules.LISTED}"] = (listed.encode(), 0o644)
    packed = io.BytesIO()
    with (
        gzip.GzipFile(
            filename="", mode="wb", fileobj=packed, compresslevel=COMPRESSION, mtime=0
        ) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, (contents, mode) in members.items():
            archive.addfile(_entry(name, contents, mode), io.BytesIO(contents))
    with Staged(path) as staged:
        staged.write(packed.getvalue())
        staged.commit()
    return list(members)


def _members(target: str) -> Iterator[tuple[str, tuple[bytes, int]]]:
    library = _library(target)
    sources = dict(_sources())
    launcher = (LAUNCHER / "edge").read_text()
    made_of = modules.made_of(modules.digests(sources))
    yield f"{TOP}/edge", (launcher.replace(UNPACKED, f'MADE_OF = "{made_of}"').encode(), 0o755)
    for name, contents in sources.items():
        yield f"{TOP}/lib/{name}", (contents, 0o644)
    yield f"{TOP}/lib/edge/_native/libedge.so", (library.read_bytes(), 0o644)
    # A machine trusted to build the runtime is trusted to compile plugins.
    with key_file.wiped(key_file.local_seed()) as seed:
        own = making.public_key(seed)
    yield (
        f"{TOP}/lib/edge/{trust.FILE}",
        (trust.line(own, "the machine that made this bundle").encode(), 0o644),
    )
    yield f"{TOP}/LICENSE", (LICENSE.read_bytes(), 0o644)
    yield f"{TOP}/VERSION", (f"edge {__version__}\ntarget {target}\n".encode(), 0o644)


def _sources() -> Iterator[tuple[str, bytes]]:
    """Every module that is included, by its path below `lib`."""
    for source in LAUNCHER.glob("[a-z]*.py"):
        yield source.name, stripped(source.read_text()).encode()
    for source in PACKAGE.rglob("*.py"):
        name = source.relative_to(PACKAGE)
        if name.parts[0] != "dev":
            yield f"{PACKAGE.name}/{name}", stripped(source.read_text()).encode()


def _entry(name: str, contents: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = len(contents)
    entry.mode = mode
    entry.mtime = TIME
    return entry


def _library(target: str) -> Path:
    if target not in DEVICES:
        raise errors.UsageError(f"Unknown device `{target}`", f"Devices are {', '.join(DEVICES)}")
    if not LICENSE.exists():
        raise errors.EnvironmentFault(
            "Bundles can be made only in a checkout of Edge", "Clone the repository and run edge from there"
        )
    from cross import build

    try:
        return build.library(target)
    except Exception as error:
        raise errors.EnvironmentFault(f"No library to bundle: {error}") from error
