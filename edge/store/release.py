"""Releases: packages unpacked into a folder, which is put in place by one rename.

RATIONALE, "Why a package is signed whole, and a lone artifact by its trailer".
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files, store
from edge.files import staged
from edge.store.recovery import remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.manifest import Manifest
    from edge.package import Package

ID_DIGITS = 64
FILE_MODE = 0o600


class Staged:
    """An unpacked release that is not yet in the store; leaving its `with` removes it unless it was kept.

    manifest  its manifest, checked
    path      its present folder
    receipt   proof of the check of its code
    interpret whether its code is for the interpreter although this CPU has a native engine
    """

    __slots__ = ("_code", "_package", "interpret", "manifest", "path", "receipt", "release_id")

    def __init__(self, package: Package) -> None:
        self._package = package
        self.release_id = f"{_digest(package.head)}"
        self.path = f"{store.staging_path()}/{self.release_id}"
        self.manifest = package.declared()
        self.receipt = b""
        self._code, self.interpret = _code(package)

    def unpack(self) -> None:
        """Writes and syncs all its files; checks every byte of the package."""
        wanted = {self._code: store.CODE, store.MANIFEST: store.MANIFEST}
        if native.about()["compiler"]:
            wanted[store.WASM] = store.WASM
        try:
            posix.mkdir(self.path, store.OWNER_ONLY)
        except OSError as error:
            files.raise_for(self.path, error)
        for name in self._package.names:
            if name not in wanted:
                self._package.check(name)
            elif wanted[name] == store.CODE:
                self.receipt = self._copy(name, store.CODE)
            else:
                self._copy(name, wanted[name])
        self._write(store.HEAD, self._package.head)
        from edge.json_text import json_text

        self._write(store.COMPILED, json_text(self.manifest.compiled()).encode())
        self._sync(self.path)

    def keep(self) -> str:
        """Moves it into the store's releases and returns the name of its folder.

        A folder in the store is never written again. If there is one for this release already, which may be
        damaged or in use, this one gets another name.
        """
        while True:
            target = store.release_path(self.release_id)
            try:
                posix.stat(target)
            except FileNotFoundError:
                break
            except OSError as error:
                files.raise_for(target, error)
            self.release_id = f"{self.release_id[:ID_DIGITS]}-{posix.urandom(4).hex()}"
        try:
            posix.rename(self.path, target)
        except OSError as error:
            files.raise_for(target, error)
        self._sync(files.folder(target))
        self.path = target
        return self.release_id

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        remove(f"{store.staging_path()}/{self.release_id[:ID_DIGITS]}")

    def _copy(self, name: str, as_name: str) -> bytes:
        path = f"{self.path}/{as_name}"
        fd = self._create(path)
        try:
            receipt = self._package.unpack(name, fd)
            posix.fsync(fd)
        except OSError as error:
            files.raise_for(path, error)
        finally:
            posix.close(fd)
        return receipt

    def _write(self, name: str, contents: bytes) -> None:
        path = f"{self.path}/{name}"
        fd = self._create(path)
        try:
            rest = memoryview(contents)
            while rest:
                rest = rest[posix.write(fd, rest) :]
            posix.fsync(fd)
        except OSError as error:
            files.raise_for(path, error)
        finally:
            posix.close(fd)

    @staticmethod
    def _create(path: str) -> int:
        try:
            return posix.open(
                path,
                posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC,
                FILE_MODE,
            )
        except OSError as error:
            files.raise_for(path, error)

    @staticmethod
    def _sync(path: str) -> None:
        try:
            staged.sync_folder(path)
        except OSError as error:
            files.raise_for(path, error)


class Kept:
    """A release in the store, with the interface of a staged one."""

    __slots__ = ("interpret", "manifest", "path", "receipt")

    def __init__(self, release_id: str, declared: Manifest, *, interpret: bool) -> None:
        self.path = store.release_path(release_id)
        self.manifest = declared
        self.receipt = b""
        self.interpret = interpret


def _digest(head: bytes) -> str:
    """The digest of the description in a head, with which a receipt ends."""
    import hashlib

    from edge.package import HEAD_BYTES

    return hashlib.sha256(head[HEAD_BYTES:]).hexdigest()


def _code(package: Package) -> tuple[str, bool]:
    """The package's code for this machine, and whether it is for the interpreter."""
    about = native.about()
    engines = package.engines
    if about["interpreted"] in engines:
        from edge.runtime import confinement

        if about["engine"] not in engines or confinement.engine()[1]:
            return package.code(about["interpreted"]), about["interpreted"] != about["engine"]
    return package.code(about["engine"]), False
