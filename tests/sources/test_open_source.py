"""What a word on the command line is taken for, and what is told and kept of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.sources import Source, open_source
from tests.sources import making
from tests.sources.servers import Release, Server, says

BODY = making.tar(making.Member("plugin/manifest.toml", b"name = 'x'\n"))
DIGEST = hashlib.sha256(BODY).hexdigest()
OTHER = making.tar(making.Member("plugin/manifest.toml", b"name = 'y'\n"))
OTHER_DIGEST = hashlib.sha256(OTHER).hexdigest()
Open = Callable[..., Source]


@pytest.fixture
def opened(cache: Path) -> Callable[..., Any]:
    @contextmanager
    def run(what: str, **how: Any) -> Iterator[Source]:
        with open_source(what, most_bytes=1 << 20, cache=str(cache), say=print, **how) as source:
            yield source
        assert list(cache.iterdir()) == []

    return run


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that names registries, not there yet; the working directory is empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "edge" / "registry"
    path.parent.mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return path


def names(registry: Path, server: Server, query: str = "") -> Path:
    """An index of this machine with one plugin, of a server."""
    index = registry.parent / "index.json"
    entry = {"name": "clock", "version": "1.0.0", "url": f"{server.url}/a.tar{query}", "sha256": DIGEST}
    index.write_text(json.dumps({"plugins": [entry]}))
    registry.write_text(f"{index}\n")
    return index


def test_a_query_is_sent_and_kept_nowhere(server: Server, opened: Open) -> None:
    server.answer = Release(BODY)
    with opened(f"{server.url}/a.tar?token=hunter2#hunter2") as source:
        assert source.origin == f"{server.url}/a.tar"
        assert (source.remote, source.sha256) == (True, DIGEST)
    assert server.requests[0].target == "/a.tar?token=hunter2"
    server.answer = Release(b"no archive")
    with (
        pytest.raises(errors.NotPackage, match=f"^{server.url}/a.tar is neither") as caught,
        opened(f"{server.url}/a.tar?token=hunter2"),
    ):
        pass
    assert "hunter2" not in str(caught.value)


def test_the_origin_of_what_a_registry_names(server: Server, registry: Path, opened: Open) -> None:
    server.answer = Release(BODY)
    index = names(registry, server, "?token=hunter2")
    with opened("clock") as source:
        assert source.origin == f"clock 1.0.0 of {index}: {server.url}/a.tar"


@pytest.mark.parametrize(
    "what",
    [
        "https:/user:hunter2@example.org/a.edge",
        "https:user:hunter2@example.org/a.edge",
        "https:\\\\user:hunter2@example.org\\a.edge",
        "HTTPS:/user:hunter2@example.org/a.edge",
        "http:/user:hunter2@example.org/a.edge",
        "ftp://user:hunter2@example.org/a.edge",
    ],
)
def test_a_password_in_a_url_that_is_misspelled_is_not_repeated(what: str, opened: Open) -> None:
    with pytest.raises(errors.UsageError) as caught, opened(what):
        pass
    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    "what",
    [
        "clock-1.0.0.edge",
        "clock.zip",
        "clock.tar.gz",
        "clock.tgz",
        "./clock",
        "a/clock",
        "Clock",
        "clock.wasm",
    ],
)
def test_a_file_that_is_not_there_is_told_as_one(what: str, opened: Open) -> None:
    with pytest.raises(errors.UsageError, match=f"^{what}: No such file") as caught, opened(what):
        pass
    assert caught.value.remedy == "Check the path"


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("name", "contents", "message", "remedy"),
    [
        ("clock.wasm", b"\0asm\1\0\0\0", "clock.wasm is WebAssembly", "edge run clock.wasm JSON"),
        ("clock.pulley32.cwasm", b"\x7fELF\1", "is a compiled file", "edge run clock.pulley32.cwasm JSON"),
        ("manifest.toml", b'name = "x"', "is a manifest", "edge install ./"),
    ],
)
def test_a_lone_file_of_a_plugin_says_what_it_is_for(
    opened: Open, name: str, contents: bytes, message: str, remedy: str
) -> None:
    """Without a slash, too: such a name is no plugin's."""
    Path(name).write_bytes(contents)
    for what in (name, f"./{name}"):
        with pytest.raises(errors.NotPackage, match=message) as caught, opened(what):
            pass
        assert remedy in caught.value.remedy.replace(f"./{name} ", f"{name} ")


@pytest.mark.parametrize("kind", ["", "file", "folder"])
def test_a_bare_name_that_no_registry_has_says_how_a_path_is_written(
    registry: Path, opened: Open, kind: str
) -> None:
    if kind == "file":
        Path("clock").write_bytes(BODY)
    elif kind:
        Path("clock").mkdir()
    with (
        pytest.raises(errors.UsageError, match="^clock is read as the name of a plugin") as caught,
        opened("clock"),
    ):
        pass
    assert str(registry) in caught.value.remedy
    assert "./clock" in caught.value.remedy
    assert ("in this directory" in caught.value.remedy) is bool(kind)


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_a_bare_name_is_never_what_is_in_the_working_directory(
    server: Server, registry: Path, opened: Open, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    server.answer = Release(BODY)
    names(registry, server)
    for what in ("clock", "clock@1.0.0"):
        if kind == "file":
            Path(what).write_bytes(OTHER)
        elif kind == "folder":
            Path(what).mkdir()
        else:
            Path(what).symlink_to("nowhere")
    for what in ("clock", "clock@1.0.0"):
        capfd.readouterr()
        with opened(what) as source:
            assert (source.remote, source.sha256, source.name) == (True, DIGEST, "clock")
        assert f"to use {what} in this directory, write ./{what}" in capfd.readouterr().out
    with opened("registry:clock") as source:
        assert source.remote
    assert "directory" not in capfd.readouterr().out


def test_a_path_with_a_slash_is_never_a_registrys(registry: Path, server: Server, opened: Open) -> None:
    server.answer = Release(BODY)
    names(registry, server)
    Path("clock").write_bytes(OTHER)
    Path("clock.tar").write_bytes(OTHER)
    for what in ("./clock", f"../{Path.cwd().name}/clock", str(Path.cwd() / "clock"), "clock.tar"):
        with opened(what) as source:
            assert (source.origin, source.remote, source.name, source.version) == (what, False, "", "")
    assert server.requests == []


def test_what_a_registry_names_has_to_be_that_plugin(server: Server, registry: Path, opened: Open) -> None:
    server.answer = Release(BODY)
    names(registry, server)
    for what in ("clock", "clock@1.0.0", "registry:clock", "registry:clock@1.0.0"):
        with opened(what) as source:
            assert (source.name, source.version) == ("clock", "1.0.0")


def test_the_digest_of_a_registry_is_not_set_aside_by_another(
    server: Server, registry: Path, opened: Open
) -> None:
    server.answer = Release(OTHER)
    names(registry, server)
    for digest, kind in (
        ("", errors.Damaged),
        (DIGEST, errors.Damaged),
        (OTHER_DIGEST, errors.Damaged),
        ("abc", errors.UsageError),
    ):
        with pytest.raises(kind), opened("clock", sha256=digest):
            pass
    server.answer = Release(BODY)
    with opened("clock", sha256=DIGEST.upper()) as source:
        assert source.sha256 == DIGEST


def test_a_file_that_others_may_change_is_unpacked_as_it_was_checked(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.sources import digest

    path = tmp_path / "a.tar"
    path.write_bytes(BODY)
    path.chmod(0o666)
    check = digest.check_digest

    def then_changed(*given: Any) -> None:
        check(*given)
        path.write_bytes(OTHER)

    monkeypatch.setattr(digest, "check_digest", then_changed)
    with opened(str(path), sha256=DIGEST) as source:
        assert Path(source.folder, "manifest.toml").read_bytes() == b"name = 'x'\n"
        assert source.sha256 == DIGEST


def test_a_folder_has_no_digest(tmp_path: Path, opened: Open) -> None:
    with (
        pytest.raises(errors.UsageError, match="folders have no digest"),
        opened(str(tmp_path), sha256=DIGEST),
    ):
        pass
    with opened(str(tmp_path)) as source:
        assert (source.folder, source.fd, source.remote) == (str(tmp_path), None, False)


def test_an_index_over_the_net_may_say_where_by_a_relative_url(
    server: Server, registry: Path, opened: Open
) -> None:
    entry = {"name": "clock", "version": "1.0.0", "url": "../a.tar", "sha256": DIGEST}
    index = json.dumps({"plugins": [entry]}).encode()
    server.answer = lambda request, client: (
        says(200, index) if request.target == "/x/index.json?key=hunter2" else Release(BODY)
    )(request, client)
    registry.write_text(f"{server.url}/x/index.json?key=hunter2\n")
    with opened("clock@1.0.0") as source:
        assert source.origin == f"clock 1.0.0 of {server.url}/x/index.json: {server.url}/a.tar"


def test_a_registry_and_its_index_may_begin_with_a_byte_order_mark(
    server: Server, registry: Path, opened: Open
) -> None:
    server.answer = Release(BODY)
    for path in (names(registry, server), registry):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    with opened("clock") as source:
        assert source.sha256 == DIGEST


def test_a_digest_is_taken_as_sha256sum_prints_it(tmp_path: Path, opened: Open) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(BODY)
    with opened(str(path), sha256=f"{DIGEST.upper()}  a.tar\n") as source:
        assert source.sha256 == DIGEST
    with pytest.raises(errors.Damaged), opened(str(path), sha256=f"sha256:{OTHER_DIGEST}"):
        pass
