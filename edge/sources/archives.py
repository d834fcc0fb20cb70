"""Unpacks an archive: a package, or a plugin's folder, in a .zip or a .tar.

The contents are not verified yet: nothing is trusted, and every size is limited while it is read.
"""

from __future__ import annotations

from edge.package import MANIFEST
from edge.sources import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from edge.sources.extraction import Extraction

MAX_ARCHIVE_BYTES = streams.MAX_STREAM_BYTES
PACKAGE_SUFFIX = ".edge"
BEGIN_BYTES = 512

CODERS = {
    b"\x1f\x8b": streams.gzip_coder,
    b"\xfd7zXZ\0": streams.xz_coder,
    b"BZh": streams.bzip2_coder,
}
"""Decompressors by the first bytes of a file."""

WASM, ELF = b"\0asm", b"\x7fELF"

KINDS = ".zip, .tar, .tar.gz, .tar.xz or .tar.bz2"
SHOWN_FOUND = 4
MAX_DEPTH = 2
"""Folders around a plugin: code hosts put a whole repository into a folder."""


class Unpacked:
    """The contents of an archive; one of the two is empty.

    package  the path of a package
    folder   the path of a plugin's folder with a manifest.toml
    """

    __slots__ = ("folder", "package")

    def __init__(self, *, package: str = "", folder: str = "") -> None:
        self.package = package
        self.folder = folder


def unpack(fd: int, name: str, into: str) -> Unpacked:
    """Unpacks an open file into the empty folder `into`; `name` is for messages.

    The file's position stays. Raises `errors.NotPackage` for a file that is not an archive,
    `errors.BadPackage` for one that must not be unpacked or contains no plugin, `errors.Damaged`, or an
    environment fault. The caller then removes what is in `into`.
    """
    from edge import errors
    from edge.sources import members

    try:
        return _unpacked(fd, name, into)
    except errors.EdgeError:
        raise
    except MemoryError as error:
        raise errors.OutOfMemory(f"{name}: not enough memory to unpack it") from error
    except ImportError as error:
        raise errors.EnvironmentFault(
            f"{name}: this Python cannot unpack it: {error}", "Pack its contents as .zip or .tar"
        ) from error
    except Exception as error:  # Damage raises no fixed set of exceptions in the standard library's readers.
        raise errors.Damaged(
            f"{name}: it cannot be unpacked: {members.shown(str(error)) or type(error).__name__}",
            "Get the archive again, and compare its digest with the one its author publishes",
        ) from error


def _unpacked(fd: int, name: str, into: str) -> Unpacked:
    from edge.sources.digest import check_size
    from edge.sources.extraction import Extraction

    begin = streams.read_at(fd, name, BEGIN_BYTES, 0)
    coder = next((CODERS[magic] for magic in CODERS if begin.startswith(magic)), None)
    from edge.sources import tars, zips

    is_zip = begin.startswith(zips.MAGICS)
    if not (coder or is_zip or tars.is_tar(begin)):
        _refuse_kind(name, begin)
    check_size(fd, name, MAX_ARCHIVE_BYTES)
    with Extraction(name, into) as extraction:
        if is_zip:
            zips.extract(fd, extraction)
        elif coder:
            tars.extract(streams.decompressed(fd, name, coder), extraction)
        else:
            tars.extract(streams.plain(fd, name), extraction)
        return _found(extraction, into)


def _refuse_kind(name: str, begin: bytes) -> NoReturn:
    """Raises an error that names the kind of a plugin's file, and its use."""
    from edge import errors
    from edge.suggest import shell

    if begin.startswith(WASM):
        raise errors.NotPackage(
            f"{name} is WebAssembly; plugins are installed with their {MANIFEST}, from a package or a folder",
            f"To try it here: `edge run {shell(name)} JSON`. To install it: put it beside its {MANIFEST}, "
            "then `edge install ./FOLDER`, or `edge pack FOLDER` for other devices",
        )
    if begin.startswith(ELF):
        raise errors.NotPackage(
            f"{name} is a compiled file without a {MANIFEST}; it can be run but not installed",
            f"To run it: `edge run {shell(name)} JSON`. To install the plugin, get its package, or on a PC: "
            "`edge pack FOLDER`",
        )
    if name.rpartition("/")[2] == MANIFEST:
        folder = name.rpartition("/")[0] or "."
        raise errors.NotPackage(
            f"{name} is a manifest; plugins are installed from their folder",
            f"Name its folder: `edge install {shell(folder)}/`",
        )
    raise errors.NotPackage(
        f"{name} is neither a package nor an archive",
        f"Use a .edge that `edge pack` wrote, or an archive with a .edge or a plugin's folder: {KINDS}",
    )


def _found(extraction: Extraction, into: str) -> Unpacked:
    packages = [path for path in extraction.files if path.endswith(PACKAGE_SUFFIX)]
    manifests = [path for path in extraction.files if path.rpartition("/")[2] == MANIFEST]
    found = packages + manifests
    if len(found) != 1:
        _refuse_contents(
            extraction, _listed(found) if found else f"neither a {PACKAGE_SUFFIX} nor a {MANIFEST}"
        )
    if packages:
        return Unpacked(package=f"{into}/{packages[0]}")
    folder = manifests[0].rpartition("/")[0]
    if folder.count("/") >= MAX_DEPTH:
        _refuse_contents(extraction, f"{_listed(manifests)}, more than two folders deep")
    return Unpacked(folder=f"{into}/{folder}" if folder else into)


def _listed(found: list[str]) -> str:
    from edge.sources.members import shown

    more = f" and {len(found) - SHOWN_FOUND} more" if len(found) > SHOWN_FOUND else ""
    return f"{', '.join(map(shown, found[:SHOWN_FOUND]))}{more}"


def _refuse_contents(extraction: Extraction, what: str) -> NoReturn:
    from edge import errors

    raise errors.BadPackage(
        f"{extraction.archive} contains {what}",
        f"Put exactly one {PACKAGE_SUFFIX}, or one plugin's folder with its {MANIFEST}, into it",
    )
