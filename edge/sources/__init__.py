"""From what an operator names to a package or a plugin's folder: files, folders, archives, URLs, a registry.

Nothing of this is imported by `edge call`. What is temporary is made below the folder `cache`, and gone
afterwards; of a killed process, the next one removes it or goes on with it.
"""

from __future__ import annotations

import posix

from edge import files
from edge.files import folders
from edge.package import is_package
from edge.sources import leftovers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.sources.leftovers import Temporary
    from edge.sources.registry import Entry

    Say = Callable[[str], None]

REGISTRY = "registry:"
# Without its two slashes it is still no file's name, and may have a password in it.
URLS = ("https:", "http:")
PRIVATE = 0o700

FILES = (
    *(".edge", ".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz"),
    *(".wasm", ".cwasm", ".toml"),
)
"""How the names of packages and archives end, and of other files of plugins that are no plugin's name."""


class Source:
    """What was found. Leaving its `with` closes it and removes what is temporary.

    fd      an open package, None for a folder
    folder  a plugin's folder with a manifest.toml, empty for a package
    origin  where it is from, for records and the audit: of a URL without its query
    remote  whether that is another machine
    sha256  of what was fetched, or was here and had to have it; empty otherwise
    name    of the plugin that a registry says it is; empty where no name was asked for
    version of that plugin, as the registry says
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
        """The folder for messages: of an archive the one inside it, not where it is unpacked for now."""
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

    A name that a plugin may have is a registry's, whatever is in the working directory: a path has a slash,
    or ends as packages and archives do. RATIONALE, "Why a bare name is never a folder".
    `sha256`: refuses what has another digest (a folder has none). `most_bytes`: refuses what is larger.
    `cache`: a folder for what is fetched and unpacked. `say`: takes lines of progress.
    """
    if sha256:
        from edge.sources.digest import hex_of

        sha256 = hex_of(sha256)
    leftovers.sweep_folders(cache)
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
    """Whether it may be the name of a plugin, with or without a version, and does not end as files do."""
    from edge.text import is_plugin_name

    return is_plugin_name(what.partition("@")[0]) and not what.endswith(FILES)


def _blame(error: Exception, entry: Entry) -> None:
    """Raises that a registry names what is not there: its path was typed by nobody here."""
    from edge import errors

    if isinstance(error, errors.UsageError) and error.message.startswith(entry.url):
        remedy = "Report this to the registry's operator"
        raise errors.BadPackage(
            f"{entry.index}, {entry.name} {entry.version}: {error.message}", remedy
        ) from None


def _entry(what: str, sha256: str, cache: str, say: Say) -> Entry:
    """What the registries have, of the digest that they say and the operator says."""
    from edge import errors
    from edge.sources.fetch import is_sha256
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
    if entry.sha256 and is_sha256(sha256) and sha256.lower() != entry.sha256:
        raise errors.Damaged(
            f"{entry.index} lists {entry.name} {entry.version} with the digest {entry.sha256}, but --sha256 "
            f"is {sha256.lower()}",
            "Compare --sha256 with the digest that the plugin's author publishes; if it is right, do not "
            "install from this registry",
        )
    return entry


def _is_here(what: str) -> bool:
    """Whether something of that name is in the working directory."""
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
    """`named`: what the origin begins with."""
    from edge.net.urls import shown
    from edge.sources.fetch import fetch

    name = shown(url)
    folders.make(cache, PRIVATE)
    try:
        got = fetch(
            url, sha256=sha256, most_bytes=most_bytes, cache=cache, say=say, allow_special=allow_special
        )
    finally:
        leftovers.sweep_parts(cache)
    try:
        return _opened(got.fd, name, cache, origin=named + name, remote=got.remote, sha256=got.sha256)
    except BaseException:
        files.close(got.fd)
        raise


def _opened(fd: int, name: str, cache: str, *, origin: str, remote: bool = False, sha256: str = "") -> Source:
    """The package that an open file is, or what an archive holds; the descriptor is the source's now."""
    if is_package(fd):
        return Source(origin=origin, fd=fd, remote=remote, sha256=sha256)
    from edge.sources.archives import unpack

    temporary = leftovers.Temporary(cache)
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
