"""One request over TLS, to a checked address; the server may be slow, endless or hostile.

The certificate is always verified against the system's trusted ones (SSL_CERT_FILE names another bundle).
"""

from __future__ import annotations

import io
import time

from edge.net.addresses import resolve, special
from edge.net.proxies import without_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import ssl
    from http.client import HTTPResponse
    from typing import Any, NoReturn

    from edge.net.addresses import Sockaddr
    from edge.net.urls import Url

clock = time.monotonic

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
MAX_ADDRESSES = 4

WINDOW_SECONDS = 60.0
MIN_SPEED = 1000
"""Bytes a second, in each window of time spent waiting for the server."""

HEADERS_ROOM = 1 << 20

# OpenSSL's SSL_OP_IGNORE_UNEXPECTED_EOF, which Python 3.9's ssl module does not name.
IGNORE_UNEXPECTED_EOF = 1 << 7

# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
CLOCK_CODES = (9, 10)


class Connection:
    """A connection for one request. Leaving its `with` closes it.

    inside  whether the server's address is outside the public internet
    """

    __slots__ = ("_context", "_http", "_most_bytes", "_socket", "_url", "inside")

    def __init__(self, url: Url, context: ssl.SSLContext, *, allow_special: bool, most_bytes: int) -> None:
        """Connects. `most_bytes`: maximum size of a body. Raises FetchFailed."""
        from http.client import HTTPSConnection

        self._url = url
        self._context = context
        self._most_bytes = most_bytes
        self._http = HTTPSConnection(url.host, url.port, context=context)
        # Only a checked address is connected to.
        self._http.auto_open = 0
        self.inside = False
        self._connect(resolve(url.host, url.port, allow_special=allow_special))

    def _connect(self, places: list[tuple[int, Sockaddr]]) -> None:
        import socket

        last = OSError("it has no address")
        for family, where in places[:MAX_ADDRESSES]:
            plain = socket.socket(family, socket.SOCK_STREAM)
            try:
                plain.settimeout(CONNECT_SECONDS)
                plain.connect(where)
            except OSError as error:
                plain.close()
                last = error
                continue
            except BaseException:
                plain.close()
                raise
            self.inside = bool(special(where[0]))
            self._secure(plain)
            return
        fail(self._url.host, last)

    def _secure(self, plain: socket.socket) -> None:
        # A name with a trailing dot is the same name, but no certificate contains it.
        name = self._url.host.rstrip(".")
        try:
            plain.settimeout(READ_SECONDS)
            # An end without TLS's close notification is an error: an attacker could have truncated the body.
            secure = self._context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False)
        except (OSError, ValueError) as error:
            plain.close()
            fail(self._url.host, error)
        except BaseException:
            plain.close()
            raise
        self._socket = secure
        self._http.sock = _Stream(secure, self._url.host, 2 * self._most_bytes + HEADERS_ROOM)

    def get(self, headers: dict[str, str]) -> HTTPResponse:
        """The response to a GET, before its body is read. Raises FetchFailed."""
        from http.client import HTTPException

        sent = {"User-Agent": "edge", "Accept-Encoding": "identity", "Connection": "close", **headers}
        try:
            self._http.request("GET", self._url.target, headers=sent)
            return self._http.getresponse()
        except (OSError, HTTPException, ValueError) as error:
            fail(self._url.host, error)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._socket.close()


class _Stream:
    """The socket interface that http.client uses."""

    __slots__ = ("_host", "_most_bytes", "_socket")

    def __init__(self, secure: socket.socket, host: str, most_bytes: int) -> None:
        self._socket = secure
        self._host = host
        self._most_bytes = most_bytes

    def sendall(self, data: bytes) -> None:
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Paced(self._socket, self._host, self._most_bytes), 1 << 16)

    def close(self) -> None:
        # http.client closes what it reads a last answer from, and relies on makefile() to hold it open.
        pass


class _Paced(io.RawIOBase):
    """Reads from a server, and fails if it is too slow or sends without end."""

    def __init__(self, secure: socket.socket, host: str, most_bytes: int) -> None:
        self._socket = secure
        self._host = host
        self._left = most_bytes
        self._waited = 0.0
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        begun = clock()
        count = self._socket.recv_into(into)
        # Counts only the server's time: writing to a card may be slower.
        self._waited += clock() - begun
        self._received += count
        self._left -= count
        if self._left < 0:
            _fail(
                f"{self._host} sends more data than a response may have",
                "Report this to the server's operator",
            )
        if self._waited >= WINDOW_SECONDS:
            if self._received < MIN_SPEED * self._waited:
                _fail(
                    f"{self._host} is too slow: {self._received} bytes in {self._waited:.0f} s",
                    "Try again later, or get the file from somewhere else",
                )
            self._waited, self._received = 0.0, 0
        return count


def new_context() -> ssl.SSLContext:
    """The TLS settings: how servers are verified."""
    import ssl

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # With OpenSSL 3, Python 3.9 treats a truncated connection as a finished one.
    context.options &= ~IGNORE_UNEXPECTED_EOF
    return context


def fail(host: str, error: Exception) -> NoReturn:
    """Raises the error for a failure while talking to a host."""
    import ssl
    from http.client import IncompleteRead
    from socket import timeout

    if isinstance(error, ssl.SSLCertVerificationError):
        _fail_certificate(host, error)
    if isinstance(error, (TimeoutError, timeout)):
        _fail(f"{host} did not answer in time", without_proxy("Try again later"))
    if isinstance(error, ConnectionRefusedError):
        _fail(f"{host} refused the connection", without_proxy("Check the URL and its port"))
    # An end in the middle of a body is a TLS error, too.
    if isinstance(error, (ConnectionError, ssl.SSLEOFError, IncompleteRead)):
        _fail_early(host)
    if isinstance(error, ssl.SSLError) and "UNEXPECTED_EOF" in (error.reason or ""):
        _fail_early(host)
    if isinstance(error, ssl.SSLError):
        why = (error.reason or "").replace("_", " ").lower()
        _fail(f"{host} does not follow the TLS protocol: {why or 'unknown'}", "Check the URL and its port")
    if isinstance(error, OSError):
        why = f"{host} cannot be reached: {error.strerror or error}"
        _fail(why, without_proxy("Check whether this machine is online"))
    # The text of an HTTPException comes from the server.
    _fail(
        f"{host} does not follow the HTTP protocol: {type(error).__name__}",
        "Report this to the server's operator",
    )


def _fail_early(host: str) -> NoReturn:
    _fail(f"{host} closed the connection too early", "Try again; the download resumes where possible")


def _fail_certificate(host: str, error: ssl.SSLCertVerificationError) -> NoReturn:
    if error.verify_code in CLOCK_CODES:
        remedy = "Check this machine's clock (date); if it is right, report this to the server's operator"
    else:
        remedy = (
            "Check the URL; trusted certificates come from the package ca-certificates or from SSL_CERT_FILE"
        )
    _fail(f"the certificate of {host} is not valid: {error.verify_message.rstrip('.')}", remedy)


def _fail(message: str, remedy: str) -> NoReturn:
    from edge import errors

    raise errors.FetchFailed(message, remedy)
