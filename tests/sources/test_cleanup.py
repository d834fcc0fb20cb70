"""What processes that are killed leave in the cache, and what becomes of it."""

from __future__ import annotations

import errno
import fcntl
import os
import posix
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from edge import errors
from edge.sources import open_source
from edge.sources.cleanup import MAX_KEPT, sweep_parts
from tests.sources import making
from tests.sources.servers import Release, Request, Server, head
from tests.support.descriptors import descriptors

MAX_BYTES = 1 << 20
BODY = making.tar(making.Member("plugin/manifest.toml", b"name = 'x'\n" * 10_000))


@pytest.fixture
def archive(tmp_path: Path) -> str:
    path = tmp_path / "a.tar"
    path.write_bytes(BODY)
    return str(path)


def program(what: str, cache: Path, then: str) -> list[str]:
    """Opens a source in a process of its own."""
    opening = f"open_source({what!r}, most_bytes={MAX_BYTES}, cache={str(cache)!r}, say=print)"
    text = f"import os; from edge.sources import open_source\nwith {opening} as source: {then}"
    return [sys.executable, "-c", text]


def killed(what: str, cache: Path) -> None:
    """Opens a source in a process that is killed while it has it."""
    done = subprocess.run(program(what, cache, "os.kill(os.getpid(), 9)"), check=False)
    assert done.returncode == -signal.SIGKILL


def test_a_folder_of_a_process_that_was_killed_is_removed_by_the_next(
    archive: str, tmp_path: Path, cache: Path
) -> None:
    killed(archive, cache)
    assert len(list(cache.iterdir())) == 1
    # Also by one that has no use for the cache.
    with open_source(str(tmp_path), most_bytes=MAX_BYTES, cache=str(cache), say=print):
        assert list(cache.iterdir()) == []


def test_a_folder_in_use_is_removed_by_nobody_else(archive: str, cache: Path) -> None:
    killed(archive, cache)
    with open_source(archive, most_bytes=MAX_BYTES, cache=str(cache), say=print) as source:
        subprocess.run(program(archive, cache, "pass"), check=True)
        assert Path(source.folder, "manifest.toml").exists()
    assert list(cache.iterdir()) == []


def test_a_fetch_that_is_killed_goes_on_at_the_next_try(server: Server, cache: Path) -> None:
    stop = threading.Event()

    def answer(_: Request, client: socket.socket) -> None:
        client.sendall(head(200, content_length=len(BODY), e_tag='"one"') + BODY[:50_000])
        stop.wait(30)

    server.answer = answer
    with subprocess.Popen(program(server.url, cache, "pass")) as process:
        while not [path for path in cache.iterdir() if path.stat().st_size == 50_000]:
            assert process.poll() is None
            threading.Event().wait(0.005)
        process.kill()
    stop.set()
    server.answer = Release(BODY)
    with open_source(server.url, most_bytes=MAX_BYTES, cache=str(cache), say=print) as source:
        assert source.folder
    assert server.requests[-1].headers["range"] == "bytes=50000-"
    assert list(cache.iterdir()) == []


def parts(cache: Path, count: int) -> list[Path]:
    """Interrupted fetches, the oldest first."""
    made = []
    for number in range(count):
        path = cache / f"part-{number:032}"
        path.write_bytes(b"some")
        path.with_name(f"{path.name}.meta").write_bytes(b'"one"\n')
        os.utime(path, (number, number))
        made.append(path)
    return made


def test_the_newest_of_interrupted_fetches_are_kept(cache: Path) -> None:
    made = parts(cache, MAX_KEPT + 3)
    sweep_parts(str(cache))
    kept = {path.name for path in made[3:]}
    assert {path.name for path in cache.iterdir()} == kept | {f"{name}.meta" for name in kept}


def test_one_that_goes_on_now_is_kept_however_old_it_is(cache: Path) -> None:
    made = parts(cache, MAX_KEPT + 3)
    with made[0].open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        sweep_parts(str(cache))
    assert [path.exists() for path in made] == [True, False, False] + [True] * MAX_KEPT


def test_one_that_begins_while_an_old_one_is_removed_is_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = parts(cache, 1)
    path.with_name(f"{path.name}.meta").unlink()
    lock = fcntl.flock

    def late(fd: int, how: int) -> None:
        # Its holder is done with it, and the next one has begun.
        path.unlink()
        path.write_bytes(b"new")
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    sweep_parts(str(cache))
    assert path.read_bytes() == b"new"


def test_what_nobody_can_go_on_with_is_not_kept(cache: Path) -> None:
    (kept,) = parts(cache, 1)
    (cache / f"part-{'a' * 32}").write_bytes(b"without a name of its release")
    (cache / f"part-{'b' * 32}-77-0123abcd").write_bytes(b"a second one at the same URL")
    (cache / f"part-{'c' * 32}.meta").write_bytes(b'"without a file"\n')
    (cache / "another").write_bytes(b"not ours")
    sweep_parts(str(cache))
    assert {path.name for path in cache.iterdir()} == {kept.name, f"{kept.name}.meta", "another"}


def test_fetches_sweep(server: Server, cache: Path) -> None:
    made = parts(cache, MAX_KEPT + 1)
    server.answer = Release(BODY)
    with open_source(server.url, most_bytes=MAX_BYTES, cache=str(cache), say=print):
        assert not made[0].exists()
    server.answer = Release(BODY, cut=5000)
    with pytest.raises(errors.FetchFailed):
        open_source(server.url, most_bytes=MAX_BYTES, cache=str(cache), say=print)
    # The one that was just interrupted is the newest.
    assert [path.exists() for path in made] == [False, False] + [True] * (MAX_KEPT - 1)


@pytest.mark.parametrize("at", ["mkdir", "write"])
def test_a_full_disk(archive: str, cache: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = descriptors()
    monkeypatch.setattr(posix, at, full)
    with pytest.raises(errors.DiskFull):
        open_source(archive, most_bytes=MAX_BYTES, cache=str(cache), say=print)
    assert descriptors() == before
    assert list(cache.iterdir()) == []


def test_what_can_not_be_removed_stops_nobody(
    archive: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    killed(archive, cache)
    parts(cache, MAX_KEPT + 1)
    there = sorted(cache.iterdir())
    monkeypatch.setattr(posix, "unlink", refuse)
    sweep_parts(str(cache))
    with open_source(str(tmp_path), most_bytes=MAX_BYTES, cache=str(cache), say=print):
        assert sorted(cache.iterdir()) == there
