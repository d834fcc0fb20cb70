"""Servers that are endless, hasty, slow or say what makes no sense, and disks that are full."""

from __future__ import annotations

import errno
import os
import posix
import socket
import threading
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.net import tls
from tests.sources.fetching import BODY, MAX_BYTES, Get, interrupted, left
from tests.sources.servers import Release, Request, Server, head, raw, says


def forever(data: bytes) -> Callable[[Request, socket.socket], None]:
    def answer(_: Request, client: socket.socket) -> None:
        while True:
            client.sendall(data)

    return answer


def test_too_large_by_its_length(server: Server, get: Get, cache: Path) -> None:
    server.answer = says(200, content_length=MAX_BYTES + 1, e_tag='"one"')
    with pytest.raises(errors.BadPackage, match=r"larger than the limit of 1\.0 MB"):
        get(server.url)
    assert left(cache) == []


def test_too_large_together_with_what_is_here(server: Server, get: Get, cache: Path) -> None:
    url = interrupted(get, server)
    server.answer = Release(BODY)
    with pytest.raises(errors.BadPackage):
        get(url, most_bytes=len(BODY) - 1)
    assert left(cache) == []


@pytest.mark.parametrize("headers", [{}, {"transfer_encoding": "chunked"}, {"content_length": "-1"}])
def test_an_endless_body(server: Server, get: Get, cache: Path, headers: dict[str, str]) -> None:
    def answer(request: Request, client: socket.socket) -> None:
        client.sendall(head(200, e_tag='"one"', **headers))
        forever(b"400\r\n" + bytes(1024) + b"\r\n")(request, client)

    server.answer = answer
    with pytest.raises(errors.BadPackage):
        get(server.url)
    assert left(cache) == []


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (head(200, transfer_encoding="chunked") + b"0\r\n", b"x: y\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"x" * 1000),
        (b"", b"x" * 1000),
    ],
)
def test_endless_talk_around_a_body(
    server: Server, get: Get, cache: Path, begin: bytes, again: bytes
) -> None:
    def answer(request: Request, client: socket.socket) -> None:
        client.sendall(begin)
        forever(again)(request, client)

    server.answer = answer
    with pytest.raises(errors.FetchFailed):
        get(server.url, most_bytes=1000)
    assert left(cache) == []


@pytest.mark.parametrize(
    "answer",
    [
        raw(head(200, content_length=100) + b"short"),
        raw(head(200, transfer_encoding="chunked") + b"5\r\nabc"),
        raw(head(200, transfer_encoding="chunked") + b"3\r\nabc\r\n"),
        raw(b"HTTP/1.1 200 O"),
        raw(b""),
    ],
)
def test_a_body_cut_short(server: Server, get: Get, cache: Path, answer: Any) -> None:
    server.answer = answer
    with pytest.raises(errors.FetchFailed):
        get(server.url)
    assert left(cache) == []


def test_an_end_without_tls_saying_so_is_no_end(server: Server, get: Get) -> None:
    def answer(_: Request, client: socket.socket) -> None:
        client.sendall(head(200) + b"half of it")
        client.shutdown(socket.SHUT_RDWR)

    server.answer = answer
    with pytest.raises(errors.FetchFailed, match="closed the connection too early"):
        get(server.url)


def test_what_is_encoded(server: Server, get: Get, cache: Path) -> None:
    server.answer = says(200, BODY, content_encoding="gzip", e_tag='"one"')
    with pytest.raises(errors.FetchFailed, match="encoding that was not requested"):
        get(server.url)
    assert left(cache) == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(404, "Check the URL"), (500, "later"), (503, "later"), (401, "yourself"), (204, "")],
)
def test_other_answers(server: Server, get: Get, cache: Path, status: int, remedy: str) -> None:
    server.answer = says(status, b"", content_type="text/html")
    with pytest.raises(errors.FetchFailed, match=f"answers {status}") as caught:
        get(f"{server.url}/a.edge?secret")
    assert remedy in caught.value.remedy
    assert "secret" not in str(caught.value)
    assert left(cache) == []


def test_an_error_of_the_server_leaves_what_is_here(server: Server, get: Get) -> None:
    url = interrupted(get, server)
    server.answer = says(503)
    with pytest.raises(errors.FetchFailed):
        get(url)
    server.answer = Release(BODY)
    assert get(url) == BODY
    assert server.requests[-1].headers["range"] == "bytes=100000-"


def test_what_is_no_http(server: Server, get: Get) -> None:
    server.answer = raw(b"SSH-2.0-\x1b[2Jserver\r\n\r\n")
    with pytest.raises(errors.FetchFailed, match="does not follow the HTTP protocol") as caught:
        get(server.url)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("begin", [b"", head(200, content_length=MAX_BYTES)])
def test_a_server_that_says_little_for_long(
    server: Server, get: Get, monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 20
        return now[0]

    def answer(_: Request, client: socket.socket) -> None:
        client.sendall(begin)
        while True:
            client.sendall(b"x")
            threading.Event().wait(0.001)

    monkeypatch.setattr(tls, "clock", clock)
    server.answer = answer
    with pytest.raises(errors.FetchFailed, match="too slow"):
        get(server.url)


def test_a_server_that_says_nothing(server: Server, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(tls, "READ_SECONDS", 0.1)
    server.answer = lambda *_: assert_wait(done)
    with pytest.raises(errors.FetchFailed, match="did not answer in time"):
        get(server.url)
    done.set()


def assert_wait(event: threading.Event) -> None:
    assert event.wait(30)


def test_a_full_disk_keeps_what_is_here(server: Server, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    write = posix.write
    room = [100_000]

    def limited(fd: int, data: Any) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = write(fd, bytes(data)[: room[0]])
        room[0] -= count
        return count

    server.answer = Release(BODY)
    with monkeypatch.context() as patch:
        patch.setattr(posix, "write", limited)
        with pytest.raises(errors.DiskFull, match="the next attempt resumes it"):
            get(server.url)
    kept = 100_000 - len(b'"one"\n')
    assert get(server.url) == BODY
    assert server.requests[-1].headers["range"] == f"bytes={kept}-"


# Who the server is.
