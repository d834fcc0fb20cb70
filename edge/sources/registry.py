"""Finds a plugin in the registries that the operator configured.

~/.config/edge/registry lists one index a line: an https:// URL or an absolute path; lines that begin with #
are comments. The first index that has the plugin is used, so that a later one cannot replace it; an index
that cannot be read ends the search for the same reason.

An index is {"plugins": [{"name", "version", "description", "author", "capabilities", "url", "sha256"}]}. It
only locates a package and its digest: trust is up to the package's signature. An entry may lack `sha256`,
which is reported, or write it as `sha256:…`.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, files
from edge.digits import is_digest
from edge.files import folders
from edge.files.encoding import problem
from edge.net import urls
from edge.sources.fetch import fetch
from edge.suggest import shell
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    Say = Callable[[str], None]

MAX_INDEX_BYTES = 4_000_000
MAX_WARNINGS = 5
MAX_VERSION = 64


class Entry:
    """A registry's entry of a plugin.

    sha256  in lower case; empty if the entry has none
    url     an https:// URL, or the path of a file if the index is local
    index   the URL or the path of the index
    inside  whether the index is local, or all of its servers are outside the public internet;
            only then may `url` be at such an address
    """

    __slots__ = ("index", "inside", "name", "sha256", "url", "version")

    def __init__(self, name: str, version: str, url: str, sha256: str, *, index: str, inside: bool) -> None:
        self.name = name
        self.version = version
        self.url = url
        self.sha256 = sha256
        self.index = index
        self.inside = inside


def find(what: str, *, cache: str, say: Say) -> Entry:
    """The registries' entry of `what`, a plugin's name or NAME@VERSION; without a version the last entry.

    `cache`: a folder for partial indexes. `say`: takes progress, and warnings about broken entries. Raises
    UsageError if no registry has it, BadPackage for a broken entry, and the errors of fetching.
    """
    name, at, version = what.partition("@")
    if not is_plugin_name(name) or bool(at) != bool(version):
        raise errors.UsageError(
            "This is not a valid plugin name",
            "Write NAME or NAME@VERSION, for example `edge install calendar@1.2.0`",
        )
    path, indexes = configured()
    folders.make(cache, 0o700)
    for index in indexes:
        entry = _Index(index, cache, say).find(name, version)
        if entry:
            return entry
    raise errors.UsageError(
        f"No registry has {what}; searched: {len(indexes)}",
        f"Check the name and the version, or add a registry to {path}",
    )


def configured() -> tuple[str, list[str]]:
    """The path of the list of registries, and its contents; an error if it lists none."""
    home = files.config_home()
    if not home:
        raise errors.UsageError(
            files.NO_PLACE.format("the list of registries", "XDG_CONFIG_HOME"), files.SET_ONE
        )
    path = f"{home}/edge/registry"
    text = files.read_guarded(path, files.OTHERS_WRITE)
    if text is not None and not text.strip(b"\0"):
        raise errors.EnvironmentFault(
            f"{path} is empty: its list of registries is lost",
            f"Write the https:// URL or the path of an index into it, or remove it: `rm {shell(path)}`",
        )
    wrong, remedy = problem(text or b"", path)
    if wrong:
        raise errors.EnvironmentFault(f"{path}: {wrong}", remedy)
    text = (text or b"").removeprefix(files.BYTE_ORDER_MARK)
    if text and not text.endswith(b"\n"):
        # A truncated address may be a valid one.
        raise errors.EnvironmentFault(
            f"{path} ends in the middle of a line: it may be truncated",
            f"Check that the last line is complete and none is missing, then end it: `echo >> {shell(path)}`",
        )
    found = []
    for number, raw in enumerate(text.split(b"\n"), 1):
        line = files.decode(raw.strip())
        if not line or line.startswith("#"):
            continue
        if not line.startswith("/"):
            try:
                urls.parse(line)
            except errors.UsageError as error:
                remedy = "Write the https:// URL or the absolute path of an index"
                raise errors.UsageError(f"{path}, line {number}: {error.message}", remedy) from None
        found.append(line)
    if not found:
        raise errors.UsageError(
            "No registry is configured", f"Write the https:// URL or the path of an index into {path}"
        )
    return path, found


class _Index:
    """An index, as far as finding one plugin needs it."""

    __slots__ = ("_base", "_inside", "_plugins", "_say", "_shown")

    def __init__(self, where: str, cache: str, say: Say) -> None:
        """Reads the index. `where`: a URL or an absolute path."""
        got = fetch(where, most_bytes=MAX_INDEX_BYTES, cache=cache, say=say)
        try:
            text = files.read_all(got.fd)
        except OSError as error:
            files.raise_for(where, error)
        finally:
            posix.close(got.fd)
        self._base = where
        self._inside = got.inside
        self._say = say
        self._shown = urls.parse(where).shown if got.remote else where
        self._plugins = self._read(text)

    def _read(self, text: bytes) -> list[Any]:
        try:
            whole = native.read_json(text, self._shown)
        except errors.UsageError as error:
            self._refuse(f"{self._shown} is not a registry index: {error.message}")
        plugins = whole.get("plugins") if isinstance(whole, dict) else None
        if not isinstance(plugins, list):
            self._refuse(f'{self._shown} is not a registry index: it has no list "plugins"')
        return plugins

    def find(self, name: str, version: str) -> Entry | None:
        """The last entry of that name, and of that version if one is given."""
        asked = -1
        for at, fields in enumerate(self._plugins):
            if isinstance(fields, dict) and fields.get("name") == name:
                asked = at if version in ("", fields.get("version")) else asked
        self._warn(asked)
        if asked < 0:
            return None
        fields = self._plugins[asked]
        wrong = self._wrong(fields)
        if wrong:
            self._refuse(f"{self._shown}, entry {asked + 1}, {name}: {wrong}")
        digest = _digest(fields)
        if not digest:
            self._say(f"{self._shown} lists no digest for {name}: only the signature protects it")
        return Entry(
            name,
            fields["version"],
            self._resolved(fields["url"]),
            digest,
            index=self._shown,
            inside=self._inside,
        )

    def _warn(self, asked: int) -> None:
        """Warns about broken entries, which are skipped."""
        skipped = 0
        for at, fields in enumerate(self._plugins):
            wrong = self._wrong(fields) if at != asked else ""
            if not wrong:
                continue
            skipped += 1
            if skipped <= MAX_WARNINGS:
                self._say(f"{self._shown}, entry {at + 1} is skipped: {wrong}")
        if skipped > MAX_WARNINGS:
            self._say(f"{self._shown}: {skipped - MAX_WARNINGS} more skipped")

    def _wrong(self, fields: Any) -> str:
        """The problem of an entry; empty if there is none."""
        if not isinstance(fields, dict):
            return "it is not an object"
        for field in ("name", "version", "url"):
            if not isinstance(fields.get(field), str):
                return f"its {field!r} is missing or not text"
        if not is_plugin_name(fields["name"]):
            return "its name is not a valid plugin name"
        version = fields["version"]
        if not (0 < len(version) <= MAX_VERSION and version.isascii() and version.isprintable()):
            return "its version is not printable ASCII"
        digest = _digest(fields)
        if not isinstance(digest, str) or (digest and not is_digest(digest)):
            return "its sha256 does not have 64 hexadecimal digits"
        try:
            self._resolved(fields["url"])
        except errors.UsageError as error:
            return f"its url: {error.message}"
        return ""

    def _resolved(self, url: str) -> str:
        """The URL or the path of a package, which may be relative to the index."""
        if not self._base.startswith("/"):
            return urls.parse(urls.join(self._base, url)).text
        if "://" in url:
            return urls.parse(url).text
        if not url or not url.isprintable():
            raise errors.UsageError("It is not a path")
        return url if url.startswith("/") else f"{files.folder(self._base).rstrip('/')}/{url}"

    def _refuse(self, message: str) -> NoReturn:
        raise errors.BadPackage(message, "Report this to the registry's operator")


def _digest(fields: dict[str, Any]) -> Any:
    """The digest of an entry in lower case, empty if it has none; unchanged if it is not text."""
    found = fields.get("sha256")
    if not isinstance(found, str):
        return "" if found is None else found
    return found.lower().removeprefix("sha256:")
