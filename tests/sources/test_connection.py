"""Who is at the other end: certificates, addresses, nobody."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.net.proxies import VARIABLES
from tests.sources.fetching import BODY, Get, left
from tests.sources.servers import DAY, Authority, Release, Server


def test_a_certificate_of_an_authority_that_is_not_trusted(
    server: Server, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path).file))
    with pytest.raises(errors.FetchFailed, match="the certificate of .* is not valid") as caught:
        get(server.url)
    assert "SSL_CERT_FILE" in caught.value.remedy
    assert server.requests == []


def test_a_certificate_of_another_host(serve: Callable[..., Server], get: Get) -> None:
    server = serve("127.0.0.1", "else.test")
    with pytest.raises(errors.FetchFailed, match="the certificate of .* is not valid"):
        get(server.url)
    assert server.requests == []


def test_a_certificate_that_is_over_reminds_of_the_clock(authority: Authority, serve: Any, get: Get) -> None:
    serve()
    server = Server(authority.context("127.0.0.1", until=-DAY))
    with pytest.raises(errors.FetchFailed, match="clock"):
        get(server.url)
    server.close()


def test_a_server_without_tls(get: Get) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(10)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(errors.FetchFailed, match="127.0.0.1"):
            get(f"https://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join(10)


def test_nobody_there(get: Get, cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(errors.FetchFailed, match="refused the connection"):
        get(f"https://127.0.0.1:{port}/")
    assert left(cache) == []


def test_no_such_host(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(errors.FetchFailed, match="nowhere.test was not found") as found:
        get("https://nowhere.test/")
    assert "proxy" not in found.value.remedy


@pytest.mark.parametrize("variable", VARIABLES)
def test_where_a_proxy_is_named_its_user_is_told_that_it_is_not_used(
    get: Get, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://proxy.test:3128")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(errors.FetchFailed) as found:
        get(f"https://127.0.0.1:{port}/")
    assert f"{variable} is set, but Edge does not use proxies" in found.value.remedy


def test_an_address_where_nobody_answers_is_followed_by_the_next(
    server: Server, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = socket.getaddrinfo

    def two(host: str, port: int, **how: Any) -> Any:
        return ask("127.0.0.9", port, **how) + ask(host, port, **how)

    monkeypatch.setattr(socket, "getaddrinfo", two)
    server.answer = Release(BODY)
    assert get(server.url) == BODY


# URLs.
