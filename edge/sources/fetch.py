"""Fetches a file over HTTPS: complete and no more, or an error; resumes an interrupted attempt."""

from __future__ import annotations

import posix

from edge import digits, files
from edge.net import tls, urls
from edge.sources.partial import Partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from http.client import HTTPResponse
    from typing import NoReturn

    from edge.net.urls import Url

    Say = Callable[[str], None]

REDIRECTS = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 5
OK, PARTIAL, RANGE_NOT_SATISFIABLE = 200, 206, 416
UNAUTHORIZED = (401, 403, 407)
SERVER_ERRORS = 500

PIECE = 1 << 16
MAX_TAG = 256
MEGABYTE = 1_000_000
SAY_SECONDS = 1.0


class Fetched:
    """A fetched file, or a local one.

    fd      open for reading, at its beginning; the caller closes it
    sha256  of its contents
    remote  whether it comes from another machine
    inside  whether every server's address is outside the public internet, or the file is local
    """

    __slots__ = ("fd", "inside", "remote", "sha256")

    def __init__(self, fd: int, sha256: str, *, remote: bool, inside: bool) -> None:
        self.fd = fd
        self.sha256 = sha256
        self.remote = remote
        self.inside = inside


def fetch(
    url: str, *, sha256: str = "", most_bytes: int, cache: str, say: Say, allow_special: bool = True
) -> Fetched:
    """Fetches an https:// URL; an absolute path is opened, for registries on this machine.

    `sha256`: refuses another digest. `most_bytes`: refuses larger files. `cache`: a folder for partial files.
    `say`: takes lines of progress, at most one a second. `allow_special`: the first server may be at an
    address outside the public internet; none may be after a public one.

    Raises UsageError, FetchFailed, BadPackage, Damaged, DiskFull.
    """
    if sha256 and not digits.is_digest(sha256):
        from edge import errors

        raise errors.UsageError(
            f"A SHA-256 digest has {digits.COUNT} hexadecimal digits", "`sha256sum FILE` shows it"
        )
    if url.startswith("/"):
        return open_local(url, sha256=sha256, most_bytes=most_bytes, cache=cache)
    checked = urls.parse(url)
    with Partial(checked.text, cache) as partial:
        transfer = Transfer(checked, partial, most_bytes, say, allow_special=allow_special)
        transfer.run()
        _check_digest(partial, checked.shown, sha256)
        digest = partial.sha256
        return Fetched(partial.release(), digest, remote=True, inside=transfer.inside)


def open_local(path: str, *, sha256: str = "", most_bytes: int, cache: str) -> Fetched:
    """A local file, with the same checks."""
    from hashlib import sha256 as new_digest

    from edge.sources.digest import with_digest

    fd = files.open_input(path)
    try:
        if posix.fstat(fd).st_size > most_bytes:
            _fail_size(path, most_bytes)
        if sha256:
            given, fd = fd, with_digest(fd, path, sha256, cache)
            if given != fd:
                posix.close(given)
        digest = new_digest()
        while piece := posix.read(fd, PIECE):
            digest.update(piece)
        posix.lseek(fd, 0, 0)
    except OSError as error:
        posix.close(fd)
        files.raise_for(path, error)
    except BaseException:
        posix.close(fd)
        raise
    return Fetched(fd, digest.hexdigest(), remote=False, inside=True)


class Transfer:
    """The transfer of one file, across redirects and one restart.

    inside  whether every server so far is at an address outside the public internet
    """

    __slots__ = ("_context", "_most_bytes", "_partial", "_progress", "_start", "_wants_rest", "inside")

    def __init__(
        self, start: Url, partial: Partial, most_bytes: int, say: Say, *, allow_special: bool
    ) -> None:
        self._start = start
        self._partial = partial
        self._most_bytes = most_bytes
        self._context: ssl.SSLContext = tls.new_context()
        self._progress = Progress(start.name, say)
        self._wants_rest = bool(partial.size)
        self.inside = allow_special

    def run(self) -> None:
        """Fetches all of the file into the partial one."""
        url = self._start
        redirects = 0
        while True:
            following = self._ask(url)
            if following is None:
                return
            # A restart is not a redirect, and happens once.
            if following is not url:
                redirects += 1
            if redirects > MAX_REDIRECTS:
                _fail(f"{url.host} redirects too often", "Check the URL")
            url = following

    def _ask(self, url: Url) -> Url | None:
        """One request; returns the URL to request next, or None when the file is complete."""
        with tls.Connection(
            url, self._context, allow_special=self.inside, most_bytes=self._most_bytes
        ) as server:
            self.inside = server.inside
            answer = server.get(self._headers())
            if answer.status in REDIRECTS:
                return _redirected(url, answer)
            if answer.status == RANGE_NOT_SATISFIABLE and self._wants_rest:
                self._wants_rest = False
                self._partial.begin("")
                return url
            self._begin(url, answer)
            self._receive(url, answer)
            return None

    def _headers(self) -> dict[str, str]:
        if not self._wants_rest:
            return {}
        return {"Range": f"bytes={self._partial.size}-", "If-Range": self._partial.validator}

    def _begin(self, url: Url, answer: HTTPResponse) -> None:
        """Checks a response before its body is read."""
        if answer.status == PARTIAL and self._wants_rest:
            self._check_continues(url, answer)
        elif answer.status != OK:
            _fail_status(url, answer.status)
        coding = answer.getheader("Content-Encoding", "identity")
        if coding.strip().lower() not in ("", "identity"):
            self._partial.delete()
            _fail(
                f"{url.host} sends the file in an encoding that was not requested",
                "Report this to the server's operator",
            )
        if answer.status == OK:
            self._partial.begin(_validator(answer))
        length = answer.length or 0
        if self._partial.size + length > self._most_bytes:
            self._partial.delete()
            _fail_size(url.shown, self._most_bytes)

    def _check_continues(self, url: Url, answer: HTTPResponse) -> None:
        begin, end, total = _content_range(answer.getheader("Content-Range", ""))
        expected = (self._partial.size, total - 1)
        length = end - begin + 1
        tag = answer.getheader("ETag")
        is_same = tag is None or not self._partial.validator.startswith('"') or tag == self._partial.validator
        if (begin, end) != expected or answer.length not in (None, length) or not is_same:
            self._partial.delete()
            _fail(
                f"{url.host} sends a different part of the file than requested",
                "Try again; the download starts from the beginning",
            )

    def _receive(self, url: Url, answer: HTTPResponse) -> None:
        from http.client import HTTPException

        partial = self._partial
        total = None if answer.length is None else partial.size + answer.length
        while total is None or partial.size < total:
            most = PIECE if total is None else min(PIECE, total - partial.size)
            try:
                piece = answer.read1(most)
            except (OSError, HTTPException, ValueError) as error:
                tls.fail(url.host, error)
            if not piece:
                # Also without a body: http.client accepts truncated headers.
                if total is not None or not partial.size:
                    tls.fail(url.host, ConnectionError())
                return
            if partial.size + len(piece) > self._most_bytes:
                partial.delete()
                _fail_size(url.shown, self._most_bytes)
            partial.add(piece)
            self._progress.show(partial.size, total)


class Progress:
    """Lines of progress."""

    __slots__ = ("_last", "_name", "_say")

    def __init__(self, name: str, say: Say) -> None:
        self._name = name
        self._say = say
        self._last = tls.clock()

    def show(self, size: int, total: int | None) -> None:
        """Shows progress, at most once a second."""
        now = tls.clock()
        if now - self._last < SAY_SECONDS:
            return
        self._last = now
        of = f" of {total / MEGABYTE:.1f} MB, {size * 100 // total} %" if total else " MB"
        self._say(f"{self._name}: {size / MEGABYTE:.1f}{of}")


def _redirected(url: Url, answer: HTTPResponse) -> Url:
    from edge import errors

    try:
        return urls.parse(urls.join(url.text, answer.getheader("Location", "")))
    except errors.UsageError as error:
        remedy = "Download the file yourself and install it with --sha256"
        raise errors.FetchFailed(f"{url.host} redirects. {error.message}", remedy) from None


def _validator(answer: HTTPResponse) -> str:
    """The server's identifier of this release of the file, usable to request the rest of it."""
    tag: str = answer.getheader("ETag", "")
    # A weak one, W/"…", does not promise the same bytes.
    if tag.startswith('"') and tag.endswith('"') and _is_plain(tag):
        return tag
    date: str = answer.getheader("Last-Modified", "")
    return date if date.endswith("GMT") and _is_plain(date) else ""


def _is_plain(text: str) -> bool:
    return 1 < len(text) <= MAX_TAG and text.isascii() and text.isprintable()


def _content_range(text: str) -> tuple[int, int, int]:
    """Begin, end and total of `bytes 5-9/10`; -1 for missing numbers."""
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    begin, _, end = span.partition("-")
    if unit.lower() != "bytes" or not (_is_number(begin) and _is_number(end) and _is_number(total)):
        return -1, -1, -1
    return int(begin), int(end), int(total)


def _is_number(text: str) -> bool:
    return 0 < len(text) < 19 and text.isascii() and text.isdigit()


def _check_digest(partial: Partial, name: str, sha256: str) -> None:
    if sha256 and partial.sha256 != sha256.lower():
        found = partial.sha256
        partial.delete()
        _fail_digest(name, found, sha256)


def _fail_digest(name: str, found: str, expected: str) -> NoReturn:
    from edge import errors

    raise errors.Damaged(
        f"{name} has the digest {found}; expected {expected.lower()}",
        "Try again; if the digest still differs, do not use the file: compare with the digest that the "
        "plugin's author publishes",
    )


def _fail_size(name: str, most_bytes: int) -> NoReturn:
    from edge import errors

    raise errors.BadPackage(f"{name} is larger than the limit of {most_bytes / MEGABYTE:.1f} MB")


def _fail_status(url: Url, status: int) -> NoReturn:
    if status in UNAUTHORIZED:
        remedy = "Download the file yourself and install it from disk: Edge does not send passwords"
    elif status >= SERVER_ERRORS:
        remedy = "Try again later"
    else:
        remedy = "Check the URL"
    _fail(f"{url.host} answers {status} for {url.shown}", remedy)


def _fail(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.FetchFailed(message, remedy)
