"""Opens what an operator names as a package or a plugin's folder: files, folders, archives, URLs, registries.

`edge call` imports nothing of this. Temporary files are below the folder `cache` and are removed afterwards;
those of a killed process are removed or resumed by the next one.
"""

from __future__ import annotations

import posix

from edge import files
from edge.files import folders
from edge.package import is_package
from edge.sources import cleanup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.sources.cleanup import Temporary
    from edge.sources.registry import Entry

    Say = Callable[[str], None]

REGISTRY = "registry:"
# Without its two slashes it is still not a file name, and may contain a password.
URLS = ("https:", "http:")
PRIVATE = 0o700

FILES = (
    *(".edge", ".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz"),
    *(".wasm", ".cwasm", ".toml"),
)
"""Suffixes of packages, archives and other files of plugins, which plugin names do not have."""


class Source:
    """An opened source. Leaving its `with` closes it and removes temporary files.

    fd      an open package, None for a folder
    folder  a plugin's folder with a manifest.toml, empty for a package
    origin  where it comes from, for records and the audit log; a URL without its query
    remote  whether that is another machine
    sha256  digest of what was fetched, or of a file whose digest was required; empty otherwise
    name    the plugin's name in the registry; empty if no registry was used
    version of that plugin, as the registry lists it
    """

    __slots__ = ("_temporary", "fd", "folder", "name", "origin", "remote", "sha256", "version")

    def __init__(
        self,
        *,
        origin: str,
        fd: int | None = None,
        folder: str = "",
        remote: bool = False,
        sha256: str = "",
        temporary: Temporary | None = None,
    ) -> None:
        self.fd = fd
        self.folder = folder
        self.origin = origin
        self.remote = remote
        self.sha256 = sha256
        self.name = ""
        self.version = ""
        self._temporary = temporary

    @property
    def shown_folder(self) -> str:
        """The folder for messages: the one inside the archive, not its temporary place."""
        if self._temporary is None:
            return self.folder
        return f"{self.origin}{self.folder.removeprefix(self._temporary.path)}"

    @property
    def is_unpacked(self) -> bool:
        """Whether the folder was in an archive."""
        return bool(self.folder) and self._temporary is not None

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd is not None:
            files.close(self.fd)
        if self._temporary:
            self._temporary.remove()


def open_source(what: str, *, sha256: str = "", most_bytes: int, cache: str, say: Say) -> Source:
    """Opens what `what` names: a file, a folder, an https:// URL, or a plugin of a registry.

    A valid plugin name always means a registry, whatever is in the working directory: a path has a slash, or
    the suffix of a package or an archive. RATIONALE, "Why a bare name is never a folder". `sha256`: refuses
    another digest (a folder has none). `most_bytes`: refuses larger files. `cache`: a folder for temporary
    files. `say`: takes lines of progress.
    """
    if sha256:
        from edge.sources.digest import hex_of

        sha256 = hex_of(sha256)
    cleanup.sweep_folders(cache)
    if "://" in what or what.lower().startswith(URLS):
        return _fetched(what, "", sha256, most_bytes, cache, say)
    if what.startswith(REGISTRY) or _names_a_plugin(what):
        entry = _entry(what, sha256, cache, say)
        named = f"{entry.name} {entry.version} of {entry.index}: "
        digest = sha256 or entry.sha256
        try:
            found = _fetched(entry.url, named, digest, most_bytes, cache, say, allow_special=entry.inside)
        except Exception as error:
            _blame(error, entry)
            raise
        found.name, found.version = entry.name, entry.version
        return found
    if _is_folder(what):
        if sha256:
            from edge import errors

            raise errors.UsageError(f"{what} is a folder; folders have no digest", "Remove --sha256")
        return Source(origin=what, folder=what)
    return _local(what, sha256, most_bytes, cache)


def _names_a_plugin(what: str) -> bool:
    """Whether it is a valid plugin name, with or without a version, and has no suffix of a file."""
    from edge.text import is_plugin_name

    return is_plugin_name(what.partition("@")[0]) and not what.endswith(FILES)


def _blame(error: Exception, entry: Entry) -> None:
    """Raises the registry's error for a missing file: the user did not type its path."""
    from edge import errors

    if isinstance(error, errors.UsageError) and error.message.startswith(entry.url):
        remedy = "Report this to the registry's operator"
        raise errors.BadPackage(
            f"{entry.index}, {entry.name} {entry.version}: {error.message}", remedy
        ) from None


def _entry(what: str, sha256: str, cache: str, say: Say) -> Entry:
    """The registries' entry, checked against the operator's digest."""
    from edge import errors
    from edge.digits import is_digest
    from edge.sources.registry import find

    is_bare = not what.startswith(REGISTRY)
    here = f"to use {what} in this directory, write ./{what}" if is_bare and _is_here(what) else ""
    if here:
        say(f"{what} is a plugin name and is searched in the registries; {here}")
    try:
        entry = find(what.removeprefix(REGISTRY), cache=cache, say=say)
    except errors.UsageError as error:
        if not is_bare:
            raise
        path = here or f"to name a file or folder, write ./{what}"
        message = f"{what} is read as the name of a plugin in a registry. {error.message}"
        raise errors.UsageError(message, f"{error.remedy}; {path}") from None
    # What is no digest at all is told by whoever fetches.
    if entry.sha256 and is_digest(sha256) and sha256.lower() != entry.sha256:
        raise errors.Damaged(
            f"{entry.index} lists {entry.name} {entry.version} with the digest {entry.sha256}, but --sha256 "
            f"is {sha256.lower()}",
            "Compare --sha256 with the digest that the plugin's author publishes; if it is right, do not "
            "install from this registry",
        )
    return entry


def _is_here(what: str) -> bool:
    """Whether the working directory contains something of that name."""
    try:
        posix.lstat(what)
    except OSError:
        return False
    return True


def _is_folder(what: str) -> bool:
    try:
        return posix.stat(what).st_mode & files.FORMAT_MASK == files.DIRECTORY
    except OSError:
        return False


def _local(path: str, sha256: str, most_bytes: int, cache: str) -> Source:
    fd = files.open_input(path)
    try:
        from edge.sources.digest import check_size, with_digest

        check_size(fd, path, most_bytes)
        if sha256:
            given, fd = fd, with_digest(fd, path, sha256, cache)
            if given != fd:
                files.close(given)
        return _opened(fd, path, cache, origin=path, sha256=sha256.lower())
    except BaseException:
        files.close(fd)
        raise


def _fetched(
    url: str, named: str, sha256: str, most_bytes: int, cache: str, say: Say, *, allow_special: bool = True
) -> Source:
    """`named`: the beginning of the origin."""
    from edge.net.urls import shown
    from edge.sources.fetch import fetch

    name = shown(url)
    folders.make(cache, PRIVATE)
    try:
        got = fetch(
            url, sha256=sha256, most_bytes=most_bytes, cache=cache, say=say, allow_special=allow_special
        )
    finally:
        cleanup.sweep_parts(cache)
    try:
        return _opened(got.fd, name, cache, origin=named + name, remote=got.remote, sha256=got.sha256)
    except BaseException:
        files.close(got.fd)
        raise


def _opened(fd: int, name: str, cache: str, *, origin: str, remote: bool = False, sha256: str = "") -> Source:
    """The package in an open file, or the contents of an archive; the source now owns the descriptor."""
    if is_package(fd):
        return Source(origin=origin, fd=fd, remote=remote, sha256=sha256)
    from edge.sources.archives import unpack

    temporary = cleanup.Temporary(cache)
    try:
        found = unpack(fd, name, temporary.path)
        inner = files.open_input(found.package) if found.package else None
    except BaseException:
        temporary.remove()
        raise
    files.close(fd)
    return Source(
        origin=origin, fd=inner, folder=found.folder, remote=remote, sha256=sha256, temporary=temporary
    )
