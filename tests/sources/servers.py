"""HTTPS servers in a thread, which say whatever a test wants, and certificates for them."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc)


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            self._builder(self._name, self._key, DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / "ca.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: Any, until: datetime.timedelta) -> x509.CertificateBuilder:
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 2 * DAY)
            .not_valid_after(NOW + until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(ours, critical=False)
        )

    def context(self, *hosts: str, until: datetime.timedelta = DAY) -> ssl.SSLContext:
        """For a server that is these hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [
            x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
            for host in hosts
        ]
        certificate = (
            self._builder(x509.Name([]), key, until)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"{'-'.join(hosts)}-{until.days}.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


class Request:
    """What a client asked."""

    def __init__(self, text: str) -> None:
        first, *lines = text.split("\r\n")
        self.target = first.split(" ")[1]
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


Answer = Callable[[Request, socket.socket], None]


class Server:
    """Answers each connection once, by `answer`; `requests` has what was asked."""

    def __init__(self, context: ssl.SSLContext, address: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.answer: Answer = Release(b"contents")
        self._context = context
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"https://{address}:{self.port}"
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, run: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, plain)

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(30)
        # A client that refuses what it gets hangs up.
        try:
            with self._context.wrap_socket(plain, server_side=True) as client:
                text = b""
                while not text.endswith(b"\r\n\r\n"):
                    piece = client.recv(4096)
                    if not piece:
                        return
                    text += piece
                request = Request(text.decode().rstrip())
                self.requests.append(request)
                self.answer(request, client)
                client.unwrap()
        except (OSError, ValueError):
            plain.close()

    def close(self) -> None:
        """Takes no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


def head(status: int, **headers: Any) -> bytes:
    """A status line and headers; `ETag` is given as e_tag, `Content-Length` as content_length."""
    names = {name.replace("e_tag", "etag").replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Because", *(f"{name}: {value}" for name, value in names.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def says(status: int, body: bytes = b"", **headers: Any) -> Answer:
    """Always the same answer, with its length."""
    headers.setdefault("content_length", len(body))
    return lambda _, client: client.sendall(head(status, **headers) + body)


def raw(data: bytes) -> Answer:
    """Always the same bytes."""
    return lambda _, client: client.sendall(data)


class Release:
    """A file as servers have it, with ranges. `cut`: the connection ends after as many bytes of a body."""

    def __init__(
        self, body: bytes, *, etag: str = '"one"', date: str = "", ranges: bool = True, cut: int = -1
    ) -> None:
        self.body = body
        self.names = {name: value for name, value in (("e_tag", etag), ("last_modified", date)) if value}
        self.ranges = ranges
        self.cut = cut

    def __call__(self, request: Request, client: socket.socket) -> None:
        """Answers."""
        wanted = request.headers.get("range", "")
        total = len(self.body)
        begin = 0
        if self.ranges and wanted and request.headers.get("if-range") in self.names.values():
            begin = int(wanted.partition("=")[2].partition("-")[0])
        body = self.body[begin:]
        more: dict[str, Any] = {"content_length": len(body), **self.names}
        if begin >= total > 0:
            client.sendall(head(416, content_length=0, content_range=f"bytes */{total}"))
            return
        if begin:
            more["content_range"] = f"bytes {begin}-{total - 1}/{total}"
        client.sendall(head(206 if begin else 200, **more))
        client.sendall(body if self.cut < 0 else body[: self.cut])
