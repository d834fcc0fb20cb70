"""Checks of the native library."""

from __future__ import annotations

import posix

from edge import errors, files
from edge.doctor.finding import FAIL, PASS, WARN, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


LISTED = "FILES"
"""In an unpacked bundle (edge/dev/launcher/modules.py): every file with its digest."""


def bundle() -> Finding:
    """Whether the files of a bundle are complete and unchanged, with none of an older bundle among them."""
    top = _top()
    listed = _listed(f"{top}/{LISTED}")
    if not listed:
        return Finding(PASS, "this is not an unpacked bundle")
    from os.path import realpath

    from edge.store.verify import digest

    below = f"{top}/"
    for name, wanted in listed.items():
        path = below + name.partition("/")[2]
        if not posix.access(path, 0) or digest(realpath(path)) != wanted:
            return Finding(FAIL, f"{path} differs from the file in the bundle", "Unpack the bundle again")
    known = {below + name.partition("/")[2] for name in listed}
    stale = [path for path in _modules(f"{top}/lib/edge") if path not in known]
    if stale:
        remedy = f"Move {top} away and unpack the bundle again"
        return Finding(WARN, f"{stale[0]} belongs to another bundle (such files: {len(stale)})", remedy)
    # The path of this module: `edge` itself was imported by a path if this start created the file of modules.
    if "__cached__" in globals():
        remedy = f"Run `{top}/edge --version` once as the owner of {top}/lib, with 2 MB free on its disk"
        return Finding(WARN, "modules are searched and compiled one by one at every start", remedy)
    return Finding(PASS, f"{len(listed)} files, unchanged; modules are compiled into one file")


def _top() -> str:
    """The folder of an unpacked bundle, recognised by its lib/edge/doctor/library.py."""
    path = __file__
    for _ in range(4):
        path = files.folder(path)
    return path


def _listed(path: str) -> dict[str, str]:
    try:
        lines = files.read_input(path).decode().splitlines()
    except (errors.EdgeError, UnicodeDecodeError):
        return {}
    return {name: wanted for wanted, _, name in (line.partition("  ") for line in lines) if name}


def _modules(folder: str) -> Iterator[str]:
    for name in sorted(posix.listdir(folder)):
        path = f"{folder}/{name}"
        if name.endswith(".py"):
            yield path
        elif name != "__pycache__" and posix.stat(path).st_mode & files.FORMAT_MASK == files.DIRECTORY:
            yield from _modules(path)


def library() -> Finding:
    """Whether the library opens, has this package's ABI, and makes an engine on this machine."""
    from edge import _native as native
    from edge._version import __version__

    about = native.about()
    native.new_engine(0)
    engine = about["engine"]
    found = (
        f"library {about['library']}, ABI {about['abi']}, wasmtime {about['wasmtime']}; engine {engine}, "
        f"fingerprint {about['fingerprints'][engine]}"
    )
    if about["library"] != __version__:
        remedy = "Install both from one bundle or checkout"
        return Finding(WARN, f"{found}; the Python package has release {__version__}", remedy)
    return Finding(PASS, found)
