"""Packages: what `edge pack` writes and a device installs. native/src/package.rs has the format.

RATIONALE, "Why a package has no padding and no compression".
"""

from __future__ import annotations

import posix

from edge._native import making

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from edge.manifest import Manifest

MAGIC = b"EDGEPKG1"
HEAD_BYTES = 108
"""Bytes before the description in a head: magic, length, public key, signature."""

MANIFEST = "manifest.toml"
WASM = "plugin.wasm"
CODE = "code."
"""The prefix of the name of code, before its engine."""

MAX_RELEASE = 1 << 53
DIGEST_DIGITS = 64


class Package:
    """An open package with checked signature and size; each file's digest is checked when it is read.

    fd           the file; the caller owns it and must keep it open
    file         its name, for messages
    head         the bytes before the files, all that a device keeps of it
    description  the head's description, and the signer's key
    """

    __slots__ = ("description", "fd", "file", "head")

    def __init__(self, fd: int, file: str, head: bytes, description: dict[str, Any]) -> None:
        self.fd = fd
        self.file = file
        self.head = head
        self.description = description

    @property
    def names(self) -> list[str]:
        """The names of its files, in order."""
        return [entry["name"] for entry in self.description["files"]]

    @property
    def engines(self) -> list[str]:
        """The engines that it has code for."""
        return [entry["engine"] for entry in self.description["files"] if "engine" in entry]

    def code(self, engine: str) -> str:
        """The file with the code for an engine; raises `errors.WrongTarget` if there is none."""
        if engine in self.engines:
            return f"{CODE}{engine}"
        from edge import errors

        raise errors.WrongTarget(
            f"{self.file}: it has code for {', '.join(self.engines)}; this machine needs {engine}",
            f"Get a package for {engine}, or create one on a PC: `edge pack DIR --target {engine}`",
        )

    def check(self, name: str) -> None:
        """Reads a file completely; raises `errors.Damaged` if its digest is not the signed one."""
        making.unpack(self.fd, self.file, self.head, name)

    def check_all(self) -> None:
        """The same for every file, so that every byte of the package is checked."""
        for name in self.names:
            self.check(name)

    def check_trust(self, trust: bytes) -> None:
        """Checks the package against this trust (native/src/trust.rs); raises if it is not accepted."""
        try:
            making.describe_head(self.head, self.file, trust)
        except Exception as error:
            _explain(error, lambda: self.description)
            raise

    def unpack(self, name: str, to: int) -> bytes:
        """Copies a file to a descriptor while checking its digest; returns a receipt for the copy.

        The caller must discard what was written if this raises.
        """
        return making.unpack(self.fd, self.file, self.head, name, to)

    def manifest(self) -> bytes:
        """The text of its manifest."""
        from edge.manifest.text import MAX_BYTES

        size = next(entry["size"] for entry in self.description["files"] if entry["name"] == MANIFEST)
        if size > MAX_BYTES:
            _refuse(self.file, f"its manifest is longer than {MAX_BYTES >> 10} kB")
        copy = posix.memfd_create("edge-manifest")
        try:
            self.unpack(MANIFEST, copy)
            # The copy was checked; the file may have changed since.
            return posix.pread(copy, size, 0)
        finally:
            posix.close(copy)

    def declared(self) -> Manifest:
        """Its manifest, checked as a foreign one; it must describe the signed plugin."""
        from edge import manifest
        from edge.manifest.parse import parse

        found = parse(
            self.manifest(),
            strictness=manifest.FOREIGN,
            imports=self.description["imports"],
            file=f"{self.file}, {MANIFEST}",
        )
        for field in ("name", "version"):
            signed = self.description[field]
            if found.fields[field] != signed:
                _refuse(
                    self.file, f"its manifest has {field} {found.fields[field]}, its description {signed}"
                )
        return found


def is_package(fd: int) -> bool:
    """Whether an open file begins like a package."""
    return posix.pread(fd, len(MAGIC), 0) == MAGIC


def open_package(fd: int, file: str, trust: bytes | None) -> Package:
    """The package in an open file. Its signature, its size and its head are checked.

    `trust`: text (native/src/trust.rs); None to open a package of any signer. `file` is for messages. Raises
    `errors.NotPackage`, `errors.BadPackage` or another `errors.Refused`.
    """
    try:
        description, head = making.describe_package(fd, file, trust)
    except Exception as error:
        _explain(error, lambda: making.describe_package(fd, file, None)[0])
        raise
    problem = _problem(description)
    if problem:
        _refuse(file, f"its description: {problem}")
    return Package(fd, file, head, description)


def _explain(error: Exception, describe: Callable[[], dict[str, Any]]) -> None:
    """Raises what is wrong with a file of trust, and which; the library was given one text of them all.

    `describe`: what the package says, whoever signed it.
    """
    from edge import errors
    from edge.trust import held
    from edge.trust.advice import advise

    advise(error, describe)

    if isinstance(error, errors.OptionsError):
        held.check_all()


def _refuse(file: str, why: str) -> NoReturn:
    from edge import errors

    raise errors.BadPackage(f"{file}: {why}", "Pack the plugin again")


def _problem(description: dict[str, Any]) -> str:
    """The problem of a description, whoever signed it; names and sizes of files were checked already."""
    for field, is_right in FIELDS.items():
        if not is_right(description.get(field)):
            return f"`{field}` is not valid"
    names = [entry["name"] for entry in description["files"]]
    if MANIFEST not in names:
        return f"it has no {MANIFEST}"
    if not any("engine" in entry for entry in description["files"]):
        return "it contains no code"
    return next(filter(None, map(_file_problem, description["files"])), "")


def _file_problem(entry: dict[str, Any]) -> str:
    name = entry["name"]
    if name in (MANIFEST, WASM):
        return f"{name} is not code for an engine" if "engine" in entry else ""
    engine = entry.get("engine")
    if not (_is_text(engine) and name == f"{CODE}{engine}" and _is_text(entry.get("fingerprint"))):
        return f"unexpected file {name}"
    return ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_RELEASE


def _is_release(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_name(value: Any) -> bool:
    from edge.text import is_plugin_name

    return isinstance(value, str) and is_plugin_name(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _has(*fields: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(isinstance(value.get(f), str) for f in fields)


def _is_source(value: Any) -> bool:
    return _has("sha256")(value) and len(value["sha256"]) == DIGEST_DIGITS and _is_number(value.get("size"))


def _are_tools(value: Any) -> bool:
    return isinstance(value, list) and all(map(_has("name", "description", "parameters"), value))


FIELDS: dict[str, Callable[[Any], bool]] = {
    "name": _is_name,
    "version": _is_text,
    "release": _is_release,
    "compiler": _has("edge", "wasmtime", "cranelift"),
    "source": _is_source,
    "imports": _are_texts,
    "exports": _are_texts,
    "instance_bytes": _is_number,
    "plugin": lambda value: value is None or _has("name", "version")(value),
    "tools": lambda value: value is None or _are_tools(value),
    "adopted": lambda value: value in (None, True),
}
"""Checks of the fields that a device relies on."""
