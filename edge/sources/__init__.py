"""From what an operator names to a package or a plugin's folder: files, folders, archives, URLs, a registry.

Nothing of this is imported by `edge call`. What is temporary is made below the folder `cache`, and gone
afterwards; of a killed process, the next one removes it or goes on with it.
"""

from __future__ import annotations

import posix

from edge import files, keys
from edge.package import is_package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[[str], None]

REGISTRY = "registry:"
PRIVATE = 0o700


class Source:
    """What was found. Leaving its `with` closes it and removes what is temporary.

    fd      an open package, None for a folder
    folder  a plugin's folder with a manifest.toml, empty for a package
    origin  where it is from, for records and the audit
    remote  whether that is another machine
    sha256  of what was fetched, empty for what was here
    """

    __slots__ = ("_temporary", "fd", "folder", "origin", "remote", "sha256")

    def __init__(
        self,
        *,
        origin: str,
        fd: int | None = None,
        folder: str = "",
        remote: bool = False,
        sha256: str = "",
        temporary: str = "",
    ) -> None:
        self.fd = fd
        self.folder = folder
        self.origin = origin
        self.remote = remote
        self.sha256 = sha256
        self._temporary = temporary

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd is not None:
            files.close(self.fd)
        if self._temporary:
            from edge.store.recover import remove

            remove(self._temporary)


def open_source(what: str, *, sha256: str = "", most_bytes: int, cache: str, say: Say) -> Source:
    """Opens what `what` names: a file, a folder, an https:// URL, or a plugin of a registry.

    `sha256`: refuses what has another digest (a folder has none). `most_bytes`: refuses what is larger.
    `cache`: a folder for what is fetched and unpacked. `say`: takes lines of progress.
    """
    if "://" in what:
        return _fetched(what, what, sha256, most_bytes, cache, say)
    if what.startswith(REGISTRY) or _names_a_plugin(what):
        from edge.sources.registry import find

        entry = find(what[len(REGISTRY) :] if what.startswith(REGISTRY) else what, cache=cache, say=say)
        origin = f"{entry.name} {entry.version} of {entry.index}: {entry.url}"
        digest = sha256 or entry.sha256
        return _fetched(entry.url, origin, digest, most_bytes, cache, say, allow_special=entry.inside)
    if _is_folder(what):
        if sha256:
            from edge import errors

            raise errors.UsageError(f"{what} is a folder, which has no digest", "Leave out --sha256")
        return Source(origin=what, folder=what)
    return _local(what, sha256, most_bytes, cache)


def _names_a_plugin(what: str) -> bool:
    """Whether it can only be the name of a plugin, with or without a version."""
    from edge.names import is_plugin_name

    if not is_plugin_name(what.partition("@")[0]):
        return False
    try:
        posix.stat(what)
    except OSError:
        return True
    return False


def _is_folder(what: str) -> bool:
    try:
        return posix.stat(what).st_mode & files.FORMAT_MASK == files.DIRECTORY
    except OSError:
        return False


def _local(path: str, sha256: str, most_bytes: int, cache: str) -> Source:
    fd = files.open_input(path)
    try:
        from edge.sources.digest import check_digest, check_size

        check_size(fd, path, most_bytes)
        if sha256:
            check_digest(fd, path, sha256)
        return _opened(fd, path, cache, origin=path)
    except BaseException:
        files.close(fd)
        raise


def _fetched(
    url: str, origin: str, sha256: str, most_bytes: int, cache: str, say: Say, *, allow_special: bool = True
) -> Source:
    from edge.sources.fetch import fetch

    keys.make_folder(cache, PRIVATE)
    got = fetch(url, sha256=sha256, most_bytes=most_bytes, cache=cache, say=say, allow_special=allow_special)
    try:
        return _opened(got.fd, url, cache, origin=origin, remote=got.remote, sha256=got.sha256)
    except BaseException:
        files.close(got.fd)
        raise


def _opened(fd: int, name: str, cache: str, *, origin: str, remote: bool = False, sha256: str = "") -> Source:
    """The package that an open file is, or what an archive holds; the descriptor is the source's now."""
    if is_package(fd):
        return Source(origin=origin, fd=fd, remote=remote, sha256=sha256)
    from edge.sources.archives import unpack

    keys.make_folder(cache, PRIVATE)
    temporary = f"{cache}/unpacked-{posix.getpid()}-{posix.urandom(4).hex()}"
    try:
        posix.mkdir(temporary, PRIVATE)
        found = unpack(fd, name, temporary)
        if found.package:
            inner = files.open_input(found.package)
            files.close(fd)
            return Source(origin=origin, fd=inner, remote=remote, sha256=sha256, temporary=temporary)
        files.close(fd)
        return Source(origin=origin, folder=found.folder, remote=remote, sha256=sha256, temporary=temporary)
    except BaseException:
        from edge.store.recover import remove

        remove(temporary)
        raise
