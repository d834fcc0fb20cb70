"""The archive that brings Edge to a device: the same bytes for the same contents."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from edge import _native as native
from edge import errors, files, keys, trust
from edge._version import __version__
from edge.dev.probe import probe
from edge.dev.strip import stripped
from edge.targets import DEVICES

PACKAGE = Path(__file__).resolve().parent.parent
LAUNCHER = PACKAGE / "dev" / "launcher"
LICENSE = PACKAGE.parent / "LICENSE"
TOP = "edge"
COMPRESSION = 9

FILES = "FILES"
"""Every member with its digest: what `edge doctor` holds an unpacked bundle against."""

OLDEST, NEWEST = 946_684_800, 1_704_067_200
"""2000 and 2024: what FAT can say and tar does not warn of."""

STEP = 2
"""Seconds: FAT keeps no finer times."""


def write(path: str, target: str) -> list[str]:
    """Writes the archive for a device; answers with the names of its files."""
    probe(path)
    members = dict(sorted(_members(target)))
    listed = "".join(
        f"{hashlib.sha256(contents).hexdigest()}  {name}\n" for name, (contents, _) in members.items()
    )
    members[f"{TOP}/{FILES}"] = (listed.encode(), 0o644)
    packed = io.BytesIO()
    with (
        gzip.GzipFile(
            filename="", mode="wb", fileobj=packed, compresslevel=COMPRESSION, mtime=0
        ) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, (contents, mode) in members.items():
            archive.addfile(_entry(name, contents, mode), io.BytesIO(contents))
    with files.Staged(path) as staged:
        staged.write(packed.getvalue())
        staged.commit()
    return list(members)


def _members(target: str) -> Iterator[tuple[str, tuple[bytes, int]]]:
    library = _library(target)
    yield f"{TOP}/edge", ((LAUNCHER / "edge").read_bytes(), 0o755)
    yield f"{TOP}/lib/launch.py", ((LAUNCHER / "launch.py").read_bytes(), 0o644)
    yield f"{TOP}/lib/edge/_native/libedge.so", (library.read_bytes(), 0o644)
    for source in PACKAGE.rglob("*.py"):
        name = source.relative_to(PACKAGE)
        if name.parts[0] != "dev":
            yield f"{TOP}/lib/edge/{name}", (stripped(source.read_text()).encode(), 0o644)
    # Whoever is trusted to build what runs artifacts is trusted to compile them.
    with keys.wiped(keys.local_seed()) as seed:
        own = native.public_key(seed)
    yield (
        f"{TOP}/lib/edge/{trust.FILE}",
        (trust.line(own, "the machine that made this bundle").encode(), 0o644),
    )
    yield f"{TOP}/LICENSE", (LICENSE.read_bytes(), 0o644)
    yield f"{TOP}/VERSION", (f"edge {__version__}\ntarget {target}\n".encode(), 0o644)


def _entry(name: str, contents: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = len(contents)
    entry.mode = mode
    entry.mtime = _time(contents)
    return entry


def _time(contents: bytes) -> int:
    """A time that goes with the contents: RATIONALE, "Why a bundle's files have made-up times"."""
    number = int.from_bytes(hashlib.sha256(contents).digest()[:8], "big")
    return OLDEST + number % ((NEWEST - OLDEST) // STEP) * STEP


def _library(target: str) -> Path:
    if target not in DEVICES:
        raise errors.UsageError(f"There is no device `{target}`", f"Devices are {', '.join(DEVICES)}")
    if not LICENSE.exists():
        raise errors.EnvironmentFault(
            "Bundles are made in a checkout of Edge", "Clone it, and run edge from there"
        )
    from cross import build

    try:
        return build.library(target)
    except Exception as error:
        raise errors.EnvironmentFault(f"There is no library to bundle: {error}") from error
