"""Fetching from servers that work, fail, hurry, dawdle and lie; each leaves nothing that is wrong behind."""

from __future__ import annotations

import errno
import hashlib
import os
import posix
import socket
import threading
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.sources import connection
from edge.sources.fetch import Fetched, fetch
from tests.sources.servers import DAY, Authority, Release, Request, Server, head, raw, says

BODY = bytes(range(256)) * 1000
MOST = 1_000_000
Get = Callable[..., bytes]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def get(cache: Path, lines: list[str]) -> Get:
    """Fetches, and answers with what was fetched."""

    def run(url: str, most_bytes: int = MOST, **how: Any) -> bytes:
        got = fetch(url, most_bytes=most_bytes, cache=str(cache), say=lines.append, **how)
        return contents(got)

    return run


def contents(got: Fetched) -> bytes:
    with os.fdopen(got.fd, "rb") as file:
        read = file.read()
    assert got.sha256 == hashlib.sha256(read).hexdigest()
    return read


def left(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def interrupted(get: Get, server: Server, **how: Any) -> str:
    """A fetch that ended in the midst of the body, with what it left; its URL."""
    url = f"{server.url}/a.edge"
    server.answer = Release(BODY, cut=100_000, **how)
    with pytest.raises(errors.FetchFailed, match="ended the connection too early"):
        get(url)
    server.requests.clear()
    return url


# What works.


@pytest.mark.parametrize(
    "digest", ["", hashlib.sha256(BODY).hexdigest(), hashlib.sha256(BODY).hexdigest().upper()]
)
def test_a_file_is_fetched_and_nothing_of_it_stays_in_the_cache(
    server: Server, get: Get, cache: Path, digest: str
) -> None:
    server.answer = Release(BODY)
    assert get(f"{server.url}/a.edge?x=1#part", sha256=digest) == BODY
    assert left(cache) == []
    assert server.requests[0].target == "/a.edge?x=1"
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_a_file_in_chunks(server: Server, get: Get) -> None:
    server.answer = raw(head(200, transfer_encoding="chunked") + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    assert get(server.url) == b"abcde"


def test_a_file_that_ends_with_the_connection(server: Server, get: Get) -> None:
    server.answer = raw(head(200) + b"abc")
    assert get(server.url) == b"abc"


def test_a_path_is_opened_where_it_is(tmp_path: Path, cache: Path, lines: list[str]) -> None:
    path = tmp_path / "a.edge"
    path.write_bytes(BODY)
    got = fetch(str(path), most_bytes=MOST, cache=str(cache), say=lines.append)
    assert contents(got) == BODY
    assert not got.remote
    with pytest.raises(errors.Damaged, match="digest"):
        fetch(str(path), sha256="0" * 64, most_bytes=MOST, cache=str(cache), say=lines.append)
    with pytest.raises(errors.BadPackage, match="larger than"):
        fetch(str(path), most_bytes=len(BODY) - 1, cache=str(cache), say=lines.append)


def test_progress_is_told_once_a_second(
    server: Server, get: Get, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.01
        return now[0]

    monkeypatch.setattr(connection, "clock", clock)
    server.answer = Release(bytes(MOST))
    get(f"{server.url}/some/a.edge")
    # What arrives at once is for the system to say; three times the clock is asked for each of it.
    assert len(lines) <= now[0]
    now[0] = 0.0
    monkeypatch.setattr(connection, "clock", lambda: now.__setitem__(0, now[0] + 1) or now[0])
    get(f"{server.url}/some/a.edge")
    assert lines[-1] == "a.edge: 1.0 of 1.0 MB, 100 %"


# Going on.


@pytest.mark.parametrize("names", [{}, {"etag": "", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}])
def test_an_interrupted_fetch_goes_on_where_it_stopped(
    server: Server, get: Get, cache: Path, names: dict[str, Any]
) -> None:
    url = interrupted(get, server, **names)
    digest = hashlib.sha256(url.encode()).hexdigest()[:32]
    assert left(cache) == [f"part-{digest}", f"part-{digest}.meta"]
    server.answer = Release(BODY, **names)
    assert get(url, sha256=hashlib.sha256(BODY).hexdigest()) == BODY
    assert [request.headers["range"] for request in server.requests] == ["bytes=100000-"]
    assert left(cache) == []


@pytest.mark.parametrize("etag", ["", 'W/"weak"', '"' + "x" * 300 + '"'])
def test_without_a_name_for_the_release_nothing_is_kept(
    server: Server, get: Get, cache: Path, etag: str
) -> None:
    url = interrupted(get, server, etag=etag)
    assert left(cache) == []
    server.answer = Release(BODY, etag=etag)
    assert get(url) == BODY
    assert "range" not in server.requests[0].headers


@pytest.mark.parametrize("answer", [Release(BODY[::-1], etag='"two"'), Release(BODY[::-1], ranges=False)])
def test_a_whole_file_in_answer_starts_anew(server: Server, get: Get, answer: Release) -> None:
    url = interrupted(get, server)
    server.answer = answer
    assert get(url) == BODY[::-1]
    assert len(server.requests) == 1


def test_a_part_beyond_the_end_starts_anew_once(server: Server, get: Get, cache: Path) -> None:
    url = interrupted(get, server)
    server.answer = Release(b"short")
    assert get(url) == b"short"
    assert len(server.requests) == 2
    url = interrupted(get, server)
    server.answer = says(416)
    with pytest.raises(errors.FetchFailed, match="answers 416"):
        get(url)
    assert len(server.requests) == 2
    assert left(cache) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content_range": "bytes 0-255999/256000"},
        {"content_range": "bytes 99999-255999/256000"},
        {"content_range": "bytes 100001-255999/256000"},
        {"content_range": "bytes 100000-255998/256000"},
        {"content_range": "bytes 100000-255999/*"},
        {"content_range": "bytes 100000-255999/999999"},
        {"content_range": "items 100000-255999/256000"},
        {"content_range": "bytes +100000-255999/256000"},
        {"content_range": "bytes 100000-255999/256000", "content_length": 5},
        {"content_range": "bytes 100000-255999/256000", "e_tag": '"two"'},
        {"content_type": "multipart/byteranges; boundary=x"},
        {},
    ],
)
def test_another_part_than_was_asked_for_is_refused_and_what_was_kept_is_gone(
    server: Server, get: Get, cache: Path, headers: dict[str, Any]
) -> None:
    url = interrupted(get, server)
    server.answer = says(206, BODY[100_000:], **headers)
    with pytest.raises(errors.FetchFailed, match="another part"):
        get(url)
    assert left(cache) == []


def test_a_part_that_nobody_asked_for_is_refused(server: Server, get: Get, cache: Path) -> None:
    server.answer = says(206, BODY, content_range="bytes 0-255999/256000")
    with pytest.raises(errors.FetchFailed, match="answers 206"):
        get(server.url)
    assert left(cache) == []


@pytest.mark.parametrize("meta", [b"", b'"one"', b'"one"\nmore', b"\xff\n", b'"o\r\nX: y"\n', None])
def test_a_name_that_was_not_written_to_its_end_is_none(
    server: Server, get: Get, cache: Path, meta: bytes | None
) -> None:
    url = interrupted(get, server)
    [path] = cache.glob("*.meta")
    path.unlink()
    if meta is not None:
        path.write_bytes(meta)
    server.answer = Release(BODY)
    assert get(url) == BODY
    assert "range" not in server.requests[0].headers
    assert left(cache) == []


def test_two_at_the_same_url_do_not_meet(server: Server, get: Get, cache: Path) -> None:
    go_on = threading.Event()

    def answer(_: Request, client: socket.socket) -> None:
        client.sendall(head(200, content_length=len(BODY), e_tag='"one"') + BODY[:1000])
        go_on.wait(30)
        client.sendall(BODY[1000:])

    server.answer = answer
    results: list[bytes] = []
    first = threading.Thread(target=lambda: results.append(get(server.url)))
    first.start()
    while not [path for path in cache.iterdir() if path.stat().st_size == 1000]:
        assert first.is_alive()
        first.join(0.005)
    server.answer = Release(BODY[::-1], etag='"two"')
    assert get(server.url) == BODY[::-1]
    go_on.set()
    first.join(30)
    assert results == [BODY]
    assert left(cache) == []


# What is refused.


def test_another_digest(server: Server, get: Get, cache: Path) -> None:
    server.answer = Release(BODY)
    with pytest.raises(errors.Damaged, match="SHA-256"):
        get(server.url, sha256="0" * 64)
    assert left(cache) == []


def test_what_goes_on_is_part_of_the_digest(server: Server, get: Get, cache: Path) -> None:
    url = interrupted(get, server)
    [part] = (path for path in cache.iterdir() if path.suffix != ".meta")
    part.write_bytes(bytes(100_000))
    server.answer = Release(BODY)
    with pytest.raises(errors.Damaged):
        get(url, sha256=hashlib.sha256(BODY).hexdigest())
    assert get(url, sha256=hashlib.sha256(BODY).hexdigest()) == BODY


@pytest.mark.parametrize("digest", ["0" * 63, "g" * 64, "0" * 65])
def test_what_is_no_digest_is_refused_before_anything_is_asked(server: Server, get: Get, digest: str) -> None:
    with pytest.raises(errors.UsageError, match="64 hexadecimal"):
        get(server.url, sha256=digest)
    assert server.requests == []


def forever(data: bytes) -> Callable[[Request, socket.socket], None]:
    def answer(_: Request, client: socket.socket) -> None:
        while True:
            client.sendall(data)

    return answer


def test_too_large_by_its_length(server: Server, get: Get, cache: Path) -> None:
    server.answer = says(200, content_length=MOST + 1, e_tag='"one"')
    with pytest.raises(errors.BadPackage, match=r"larger than 1\.0 MB"):
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
    with pytest.raises(errors.FetchFailed, match="ended the connection too early"):
        get(server.url)


def test_what_is_encoded(server: Server, get: Get, cache: Path) -> None:
    server.answer = says(200, BODY, content_encoding="gzip", e_tag='"one"')
    with pytest.raises(errors.FetchFailed, match="encoded"):
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
    with pytest.raises(errors.FetchFailed, match="does not speak HTTP") as caught:
        get(server.url)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("begin", [b"", head(200, content_length=MOST)])
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

    monkeypatch.setattr(connection, "clock", clock)
    server.answer = answer
    with pytest.raises(errors.FetchFailed, match="too slow"):
        get(server.url)


def test_a_server_that_says_nothing(server: Server, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(connection, "READ_SECONDS", 0.1)
    server.answer = lambda *_: assert_wait(done)
    with pytest.raises(errors.FetchFailed, match="does not answer in time"):
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
        with pytest.raises(errors.DiskFull, match="goes on with it"):
            get(server.url)
    kept = 100_000 - len(b'"one"\n')
    assert get(server.url) == BODY
    assert server.requests[-1].headers["range"] == f"bytes={kept}-"


# Who the server is.


def test_a_certificate_of_an_authority_that_is_not_trusted(
    server: Server, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path).file))
    with pytest.raises(errors.FetchFailed, match="does not prove who it is") as caught:
        get(server.url)
    assert "SSL_CERT_FILE" in caught.value.remedy
    assert server.requests == []


def test_a_certificate_of_another_host(serve: Callable[..., Server], get: Get) -> None:
    server = serve("127.0.0.1", "else.test")
    with pytest.raises(errors.FetchFailed, match="does not prove who it is"):
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
    with pytest.raises(errors.FetchFailed, match="refuses the connection"):
        get(f"https://127.0.0.1:{port}/")
    assert left(cache) == []


def test_no_such_host(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(errors.FetchFailed, match="nowhere.test is not found"):
        get("https://nowhere.test/")


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
