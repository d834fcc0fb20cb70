"""Fetching from a server, at once or bit by bit; nothing that is wrong is left behind."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from edge import errors
from edge.net import tls
from edge.sources.fetch import fetch
from tests.sources.fetching import BODY, MAX_BYTES, Get, contents, interrupted, left
from tests.sources.servers import Release, Request, Server, head, raw, says


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
    got = fetch(str(path), most_bytes=MAX_BYTES, cache=str(cache), say=lines.append)
    assert contents(got) == BODY
    assert not got.remote
    with pytest.raises(errors.Damaged, match="digest"):
        fetch(str(path), sha256="0" * 64, most_bytes=MAX_BYTES, cache=str(cache), say=lines.append)
    with pytest.raises(errors.BadPackage, match="larger than"):
        fetch(str(path), most_bytes=len(BODY) - 1, cache=str(cache), say=lines.append)


def test_progress_is_told_once_a_second(
    server: Server, get: Get, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.01
        return now[0]

    monkeypatch.setattr(tls, "clock", clock)
    server.answer = Release(bytes(MAX_BYTES))
    get(f"{server.url}/some/a.edge")
    # What arrives at once is for the system to say; three times the clock is asked for each of it.
    assert len(lines) <= now[0]
    now[0] = 0.0
    monkeypatch.setattr(tls, "clock", lambda: now.__setitem__(0, now[0] + 1) or now[0])
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
    with pytest.raises(errors.FetchFailed, match="a different part"):
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
    with pytest.raises(errors.Damaged, match="has the digest"):
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
