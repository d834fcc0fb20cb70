"""One request over TLS, to an address that was judged, from a server that may be slow, endless or lying.

The certificate is always verified, against what the system trusts (SSL_CERT_FILE names another bundle).
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
MOST_ADDRESSES = 4

WINDOW_SECONDS = 60.0
SLOWEST = 1000
"""Bytes a second, of the time spent waiting for the server in each window."""

HEADERS_ROOM = 1 << 20

# SSL_OP_IGNORE_UNEXPECTED_EOF of OpenSSL, which the ssl module of Python 3.9 has no name for.
IGNORE_UNEXPECTED_EOF = 1 << 7

# What OpenSSL says of a certificate: X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED.
CLOCK_CODES = (9, 10)


class Connection:
    """A connection for one request. Leaving its `with` ends it.

    inside  whether the server's address is not one of the public internet
    """

    __slots__ = ("_context", "_http", "_most_bytes", "_socket", "_url", "inside")

    def __init__(self, url: Url, context: ssl.SSLContext, *, allow_special: bool, most_bytes: int) -> None:
        """Connects. `most_bytes`: of a body, beyond which it is not read for long. Raises FetchFailed."""
        from http.client import HTTPSConnection

        self._url = url
        self._context = context
        self._most_bytes = most_bytes
        self._http = HTTPSConnection(url.host, url.port, context=context)
        # What is connected to is only what was judged.
        self._http.auto_open = 0
        self.inside = False
        self._connect(resolve(url.host, url.port, allow_special=allow_special))

    def _connect(self, places: list[tuple[int, Sockaddr]]) -> None:
        import socket

        last = OSError("it has no address")
        for family, where in places[:MOST_ADDRESSES]:
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
        # A name with a dot at its end is the same name, and no certificate has it.
        name = self._url.host.rstrip(".")
        try:
            plain.settimeout(READ_SECONDS)
            # An end without TLS's own farewell is an error: somebody on the way could have cut a body short.
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
        """The answer to a GET, its body not read yet. Raises FetchFailed."""
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
    """What http.client takes for a socket."""

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
    """Reads from a server that sends neither too slowly nor for ever."""

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
        # Only what the server takes: writing to a card may be slower.
        self._waited += clock() - begun
        self._received += count
        self._left -= count
        if self._left < 0:
            _fail(f"{self._host} sends more data than it announced", "Report this to the server's operator")
        if self._waited >= WINDOW_SECONDS:
            if self._received < SLOWEST * self._waited:
                _fail(
                    f"{self._host} is too slow: {self._received} bytes in {self._waited:.0f} s",
                    "Try again later, or get the file from somewhere else",
                )
            self._waited, self._received = 0.0, 0
        return count


def new_context() -> ssl.SSLContext:
    """How servers are verified."""
    import ssl

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # With OpenSSL 3, Python 3.9 takes a connection that is cut for one that ends.
    context.options &= ~IGNORE_UNEXPECTED_EOF
    return context


def fail(host: str, error: Exception) -> NoReturn:
    """Raises what an error while talking to a host means to a user."""
    import ssl
    from http.client import IncompleteRead
    from socket import timeout

    if isinstance(error, ssl.SSLCertVerificationError):
        _fail_certificate(host, error)
    if isinstance(error, (TimeoutError, timeout)):
        _fail(f"{host} did not answer in time", without_proxy("Try again later"))
    if isinstance(error, ConnectionRefusedError):
        _fail(f"{host} refused the connection", without_proxy("Check the URL and its port"))
    # An end in the midst of a body is one of TLS's errors, too.
    if isinstance(error, (ConnectionError, ssl.SSLEOFError, IncompleteRead)):
        _fail_early(host)
    if isinstance(error, ssl.SSLError) and "UNEXPECTED_EOF" in (error.reason or ""):
        _fail_early(host)
    if isinstance(error, ssl.SSLError):
        why = (error.reason or "").replace("_", " ").lower()
        _fail(f"{host} does not follow the TLS protocol: {why or 'unknown'}", "Check the URL and its port")
    if isinstance(error, OSError):
        why = f"{host} can't be reached: {error.strerror or error}"
        _fail(why, without_proxy("Check whether this machine is online"))
    # The text of an HTTPException is the server's.
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
