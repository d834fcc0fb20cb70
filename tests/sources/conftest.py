"""An HTTPS server that this machine's programs trust, and a cache for what is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

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
