"""URLs that Edge fetches: https:// only, without a password.

A message never repeats a refused URL, because it may contain a password.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

HTTPS = "https"
PORT = 443
MAX_LENGTH = 4096


class Url:
    """A checked https:// URL.

    text    all of it, without a fragment
    host    in lower case, without brackets
    port    443 where it names none
    target  path and query, as a request names them
    """

    __slots__ = ("host", "port", "target", "text")

    def __init__(self, text: str, host: str, port: int, target: str) -> None:
        self.text = text
        self.host = host
        self.port = port
        self.target = target

    @property
    def name(self) -> str:
        """The last part of its path, or the host: for display."""
        return self.target.partition("?")[0].rpartition("/")[2] or self.host

    @property
    def shown(self) -> str:
        """Without its query, which may contain secrets."""
        return self.text.partition("?")[0]


def parse(text: str) -> Url:
    """The URL of a text. Raises UsageError."""
    from urllib.parse import urlsplit

    if len(text) > MAX_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        _refuse("The URL contains spaces or non-ASCII characters", "Write these characters as %XX")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        _refuse("The URL is malformed", "Use a URL like https://example.org/plugin.edge")
    if parts.scheme != HTTPS:
        scheme = parts.scheme or "a URL without a scheme"
        _refuse(
            f"{scheme}: is not supported, only https:" if parts.scheme else f"{scheme} is not supported",
            "Use an https:// URL, or download the file yourself and install it with --sha256",
        )
    if "@" in parts.netloc:
        _refuse(
            "URLs with a user name or password are not supported",
            "Remove them; if the server requires them, download the file yourself and install it from disk",
        )
    if not host or port == 0:
        _refuse("The URL is malformed", "Use a URL like https://example.org/plugin.edge")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Url(text.partition("#")[0], host, PORT if port is None else port, target)


def shown(text: str) -> str:
    """A URL without secrets, for display and for records; a path unchanged. Raises UsageError."""
    return text if text.startswith("/") else parse(text).shown


def join(base: str, reference: str) -> str:
    """Resolves a reference in a document at `base`, a checked URL; `parse` must check the result."""
    from urllib.parse import urljoin

    try:
        return urljoin(base, reference)
    except ValueError:
        _refuse("The URL is malformed", "")


def _refuse(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.UsageError(message, remedy)
