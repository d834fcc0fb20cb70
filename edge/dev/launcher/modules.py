"""Creates the file of all modules that start.py imports from, at the first start of an unpacked bundle.

What a Python has compiled is of use to no other release of it, so each has a file. Its name says what sources
it was made of: an archive that is unpacked over another gets one of its own. RATIONALE, "Why a bundle's
modules are in one file".
"""

from __future__ import annotations

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn


NAME = "modules-"
PACKAGE = "/__init__.py"
DIGITS = 12
LISTED = "FILES"
"""Every member of a bundle with its digest, beside `lib`."""

LIB = "edge/lib/"
READABLE = 0o644
OLDEST_PYTHON = 3, 9
ENVIRONMENT_EXIT = 5
MESSAGE = "edge: compiling its modules for this Python, once\n"


def prepare(use: Callable[[str], None], lib: str, wanted: str) -> Callable[[], NoReturn]:
    """Creates the file if it is missing or damaged, and has modules imported from it by `use`.

    If it cannot be created, or the sources differ from the bundle's (`wanted`, from `made_of`), modules are
    imported one by one from their sources. Returns the function that continues.
    """
    if b"EDGE_PYTHON" in posix.environ:
        _restart()
    if sys.version_info < OLDEST_PYTHON:
        found, oldest = (f"{major}.{minor}" for major, minor in (sys.version_info[:2], OLDEST_PYTHON))
        sys.stderr.write(f"edge: python3 is Python {found}; Edge requires {oldest} or newer\n")
        sys.stderr.write("      Update the system, or name a newer one: EDGE_PYTHON=python3.11 edge ...\n")
        sys.exit(ENVIRONMENT_EXIT)
    from os.path import realpath

    real = realpath(lib)
    sys.path[0] = real
    at_hand = real != lib and _works(use, real)
    if not at_hand and posix.access(real, posix.W_OK) and _works(make, real, wanted):
        _works(use, real)
    from start import run  # type: ignore[import-not-found]

    go_on: Callable[[], NoReturn] = run
    return go_on


def _restart() -> NoReturn:
    """Restarts in the Python that the user named."""
    import os

    python = os.environ.pop("EDGE_PYTHON")
    try:
        os.execvp(python, [python, "-I", "-S", *sys.argv])  # noqa: S606 the user's own choice
    except OSError:
        sys.stderr.write(f"edge: {python} was not found on this machine\n")
        sys.stderr.write(
            "      On Debian and Raspberry Pi OS: sudo apt install python3 python3-cffi-backend\n"
        )
        sys.exit(ENVIRONMENT_EXIT)


def _works(function: Callable[..., object], *arguments: str) -> bool:
    try:
        return function(*arguments) is not False
    except Exception:
        # Neither a full or read-only disk nor a damaged file prevents Edge from starting.
        return False


def make(folder: str, wanted: str = "", shown_as: str = "") -> bool:
    """Writes the file beside the sources in `folder` if they match `wanted`; removes older files.

    `shown_as`: the final path of the folder. Raises `errors.EdgeError` if it cannot be written.
    """
    from pathlib import Path

    from edge.files.staged import Staged

    lib = Path(folder)
    listed = sources_of((lib.parent / LISTED).read_text())
    sources = {name: (lib / name).read_bytes() for name in listed}
    found = made_of(listed)
    if wanted not in ("", found) or digests(sources) != listed:
        return False
    if sys.stderr.isatty():
        sys.stderr.write(MESSAGE)
    with Staged(f"{folder}/{NAME}{found}-{sys.implementation.cache_tag}") as staged:
        staged.write(packed(sources, shown_as or folder))
        posix.fchmod(staged.fd, READABLE)
        staged.commit()
    for path in lib.glob(f"{NAME}*"):
        if not path.name.startswith(f"{NAME}{found}"):
            path.unlink()
    return True


def sources_of(listed: str) -> dict[str, str]:
    """The modules among a bundle's files, by path below `lib`, with their digests."""
    files = dict(line.split("  ", 1)[::-1] for line in listed.splitlines())
    return {name[len(LIB) :]: files[name] for name in files if name.startswith(LIB) and name.endswith(".py")}


def digests(sources: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each, in hexadecimal digits."""
    from hashlib import sha256

    return {name: sha256(source).hexdigest() for name, source in sources.items()}


def made_of(listed: Mapping[str, str]) -> str:
    """A digest that identifies a set of sources."""
    from hashlib import sha256

    lines = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed))
    return sha256(lines.encode()).hexdigest()[:DIGITS]


def packed(sources: Mapping[str, bytes], folder: str) -> bytes:
    """The file's contents; start.py describes the format."""
    from marshal import dumps

    names = {_module(path): path for path in sorted(sources)}
    index, modules, at = bytearray(), [], 0
    for name, path in names.items():
        code = compile(sources[path], f"{folder}/{path}", "exec", dont_inherit=True)
        module = dumps((code, tuple(_needed(name, sources[path], names))))
        kind = b"+" if path.endswith(PACKAGE) else b"-"
        index += b"\n%b\0%b%b%b" % (name.encode(), kind, _word(at), _word(len(module)))
        modules.append(module)
        at += len(module)
    start = compile(sources["start.py"], f"{folder}/start.py", "exec", dont_inherit=True)
    head = dumps((start, folder, bytes(index)))
    return b"".join((_word(len(head)), head, *modules))


def _module(path: str) -> str:
    end = PACKAGE if path.endswith(PACKAGE) else ".py"
    return path[: -len(end)].replace("/", ".")


def _word(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _needed(name: str, source: bytes, names: Mapping[str, str]) -> list[str]:
    """Modules that a module imports on import, packages before their contents."""
    import ast

    parts = [name.rpartition(".")[0]]
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            parts += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    found = [part[: len(part) - len(rest)] for part in parts for rest in _rests(part)]
    return [part for part in dict.fromkeys(found) if part in names]


def _rests(name: str) -> list[str]:
    """The empty remainders of a module's name and of each package's above it."""
    dots = [at for at, letter in enumerate(name) if letter == "."]
    return [*(name[at:] for at in dots), ""]


if __name__ == "__main__":
    # For installers: python3 -I -S modules.py FOLDER [WHERE IT IS GOING TO BE]
    sys.path.insert(0, sys.argv[1])
    make(sys.argv[1], shown_as=sys.argv[-1])
