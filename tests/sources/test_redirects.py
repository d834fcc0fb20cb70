"""Which URLs are fetched, and where a server may lead."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from tests.sources.fetching import BODY, Get, left
from tests.sources.servers import Release, Request, Server, says


@pytest.mark.parametrize(
    "url",
    [
        "http://hunter2@example.org/",
        "http://example.org/hunter2",
        "ftp://example.org/hunter2",
        "file:///hunter2",
        "https://user:hunter2@example.org/",
        "https://hunter2@example.org/",
        "https://user:hun/hunter2@example.org/",
        "https://hunter2@[::1]/",
        "https:///hunter2",
        "https://example.org:0/hunter2",
        "https://example.org:99999/hunter2",
        "https://example.org:hunter2/",
        "https://[::1/hunter2",
        "https://example.org/hunter2\r\nX: y",
        "https://example.org/hunter2 x",
        "https://example.org/hunter2\x00",
        "https://exämple.org/hunter2",
        "https://example.org/hunter2" + "x" * 5000,
        "hunter2",
        "",
    ],
)
def test_a_url_that_is_not_fetched_is_not_repeated(get: Get, cache: Path, url: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        get(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.remedy
    assert left(cache) == []


# Redirects.


def to(where: str, status: int = 302) -> Any:
    return says(status, b"elsewhere", location=where)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: Server, get: Get, status: int) -> None:
    def answer(request: Request, client: socket.socket) -> None:
        then = to("../b.edge", status) if request.target == "/x/a.edge" else Release(BODY)
        then(request, client)

    server.answer = answer
    assert get(f"{server.url}/x/a.edge") == BODY
    assert [request.target for request in server.requests] == ["/x/a.edge", "/b.edge"]


def test_a_redirect_to_another_server(serve: Callable[..., Server], get: Get) -> None:
    first, second = serve(), serve("127.0.0.2")
    first.answer = to(f"{second.url}/b.edge")
    second.answer = Release(BODY)
    assert get(first.url) == BODY


def test_what_goes_on_after_a_redirect_goes_on_from_the_first_url(
    serve: Callable[..., Server], get: Get
) -> None:
    first, second = serve(), serve("127.0.0.2")
    first.answer = to(f"{second.url}/b.edge")
    second.answer = Release(BODY, cut=5000)
    with pytest.raises(errors.FetchFailed):
        get(first.url)
    second.answer = Release(BODY)
    assert get(first.url) == BODY
    assert second.requests[-1].headers["range"] == "bytes=5000-"


def test_five_redirects_and_not_six(server: Server, get: Get) -> None:
    def answer(request: Request, client: socket.socket) -> None:
        then = Release(BODY) if request.target == "/5" else to(f"/{int(request.target[1:]) + 1}")
        then(request, client)

    server.answer = answer
    assert get(f"{server.url}/0") == BODY
    server.answer = to("/loop")
    server.requests.clear()
    with pytest.raises(errors.FetchFailed, match="too often"):
        get(f"{server.url}/loop")
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1/hunter2",
        "//user:hunter2@127.0.0.1/",
        "file:///etc/hunter2",
        "/hunter2 x",
        "https://[hunter2",
        "/hunter2\xff",
    ],
)
def test_a_redirect_to_what_is_not_fetched(server: Server, get: Get, cache: Path, where: str) -> None:
    server.answer = to(where)
    with pytest.raises(errors.FetchFailed, match="127.0.0.1 redirects") as caught:
        get(server.url)
    assert "hunter2" not in str(caught.value)
    assert len(server.requests) == 1
    assert left(cache) == []


@pytest.mark.usefixtures("internet")
def test_a_public_server_leads_to_no_private_one(serve: Callable[..., Server], get: Get, cache: Path) -> None:
    public, private = serve("127.0.0.1", "public.test"), serve("127.0.0.2", "private.test", "127.0.0.2")
    for host in ("private.test", "127.0.0.2"):
        public.answer = to(f"https://{host}:{private.port}/")
        with pytest.raises(errors.FetchFailed, match="is 127.0.0.2, which is loopback"):
            get(f"https://public.test:{public.port}/")
    assert private.requests == []
    assert left(cache) == []


@pytest.mark.usefixtures("internet")
def test_a_name_that_is_another_address_the_next_time_is_refused(
    serve: Callable[..., Server], get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("127.0.0.1", "public.test")
    server.answer = to("/again")
    ask = socket.getaddrinfo
    asked = []

    def rebinding(host: str, port: int, **how: Any) -> Any:
        asked.append(host)
        return ask(host if len(asked) == 1 else "127.0.0.2", port, **how)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(errors.FetchFailed, match="is 127.0.0.2"):
        get(f"https://public.test:{server.port}/")
    assert len(server.requests) == 1


@pytest.mark.usefixtures("internet")
def test_a_private_server_that_was_named_may_lead_anywhere(serve: Callable[..., Server], get: Get) -> None:
    first, second = serve("127.0.0.2"), serve("127.0.0.3")
    first.answer = to(second.url)
    second.answer = Release(BODY)
    assert get(first.url) == BODY


@pytest.mark.usefixtures("internet")
def test_no_private_server_after_a_public_one(serve: Callable[..., Server], get: Get) -> None:
    private, public, target = serve("127.0.0.2"), serve("127.0.0.1"), serve("127.0.0.3")
    private.answer = to(public.url)
    public.answer = to(target.url)
    with pytest.raises(errors.FetchFailed, match="is 127.0.0.3"):
        get(private.url)
    assert target.requests == []
