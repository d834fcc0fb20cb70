"""An HTTPS server that this machine's programs trust, a cache for what is fetched, a place to unpack into."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from edge.net import addresses, tls
from edge.sources.fetch import fetch
from tests.sources.fetching import MAX_BYTES, Get, contents
from tests.sources.place import Place, Unpack
from tests.sources.servers import Authority, Server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def serve(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Starts servers, each at an address with a certificate for the hosts that are named."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    servers = []

    def start(address: str = "127.0.0.1", *hosts: str) -> Server:
        servers.append(Server(authority.context(*(hosts or (address,))), address))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    path = tmp_path / "cache"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 is public, and so is a host whose name begins with "public"; others are 127.0.0.2."""
    ask = socket.getaddrinfo
    judge = addresses.special

    def getaddrinfo(host: str, port: int, **how: Any) -> Any:
        if host.endswith(".test"):
            host = "127.0.0.1" if host.startswith("public") else "127.0.0.2"
        return ask(host, port, **how)

    def special(address: str) -> str:
        return "" if address == "127.0.0.1" else judge(address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(addresses, "special", special)
    monkeypatch.setattr(tls, "special", special)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


@pytest.fixture
def unpack(place: Place) -> Unpack:
    return place.unpack


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def get(cache: Path, lines: list[str]) -> Get:
    """Fetches, and answers with what was fetched."""

    def run(url: str, most_bytes: int = MAX_BYTES, **how: Any) -> bytes:
        got = fetch(url, most_bytes=most_bytes, cache=str(cache), say=lines.append, **how)
        return contents(got)

    return run
