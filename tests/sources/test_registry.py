"""Finding a plugin in indexes that are here, elsewhere, broken or missing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.net import tls
from edge.sources import open_source
from edge.sources.registry import Entry, find
from tests.sources.servers import Server, says

DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that names registries, not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "edge" / "registry"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def look(cache: Path, said: list[str]) -> Callable[[str], Entry]:
    return lambda what: find(what, cache=str(cache), say=said.append)


def entry(name: str = "clock", version: str | None = "1.0.0", **others: Any) -> dict[str, Any]:
    """One of an index; a field that is None is left out."""
    fields = {
        "name": name,
        "version": version,
        "description": "Tells the time",
        "author": "Somebody",
        "capabilities": ["clock"],
        "url": f"{name}-{version}.edge",
        "sha256": DIGEST,
        **others,
    }
    return {field: value for field, value in fields.items() if value is not None}


def text(*entries: Any) -> bytes:
    return json.dumps({"plugins": entries}).encode()


def here(tmp_path: Path, file: Path, *entries: Any) -> Path:
    """An index on this machine, named as the only registry."""
    index = tmp_path / "index.json"
    index.write_bytes(text(*entries))
    file.write_text(f"{index}\n")
    return index


Look = Callable[[str], Entry]


def test_of_a_name_the_last_entry_is_taken(tmp_path: Path, file: Path, look: Look, cache: Path) -> None:
    index = here(tmp_path, file, entry(), entry(version="3.0.0"), entry(version="2.0.0"), entry("other"))
    found = look("clock")
    assert (found.name, found.version, found.sha256) == ("clock", "2.0.0", DIGEST)
    assert found.url == f"{tmp_path}/clock-2.0.0.edge"
    assert found.index == str(index)
    assert list(cache.iterdir()) == []


def test_a_version_is_taken_as_it_is_written(tmp_path: Path, file: Path, look: Look) -> None:
    here(tmp_path, file, entry(), entry(version="2.0.0", sha256=DIGEST.upper()), entry(version="3.0.0"))
    assert look("clock@2.0.0").sha256 == DIGEST
    with pytest.raises(errors.UsageError, match="No registry has clock@2"):
        look("clock@2")


def test_an_index_on_a_server(server: Server, file: Path, look: Look, cache: Path) -> None:
    server.answer = says(
        200, text(entry(), entry("far", url="https://example.org/far.edge"), entry("up", url="/u"))
    )
    file.write_text(f"# ours\n\n  {server.url}/plugins/index.json?token=1  \n")
    assert look("clock").url == f"{server.url}/plugins/clock-1.0.0.edge"
    assert look("far").url == "https://example.org/far.edge"
    assert look("up").url == f"{server.url}/u"
    assert look("up").index == f"{server.url}/plugins/index.json"
    assert list(cache.iterdir()) == []


def test_the_first_index_that_has_it_is_taken(tmp_path: Path, server: Server, file: Path, look: Look) -> None:
    index = here(tmp_path, file, entry())
    server.answer = says(200, text(entry(version="9.0.0"), entry("other")))
    file.write_text(f"{index}\n{server.url}/index.json\n")
    assert look("clock").version == "1.0.0"
    assert server.requests == []
    assert look("other").url.startswith(server.url)
    assert look("clock@9.0.0").url.startswith(server.url)


def test_an_index_that_does_not_answer_ends_the_search(
    tmp_path: Path, server: Server, file: Path, look: Look
) -> None:
    index = here(tmp_path, file, entry())
    server.answer = says(500)
    file.write_text(f"{server.url}/index.json\n{index}\n")
    with pytest.raises(errors.FetchFailed, match="answers 500"):
        look("clock")


@pytest.mark.parametrize("public", [False, True])
def test_only_an_index_that_is_inside_may_name_what_is_inside(
    server: Server, file: Path, look: Look, monkeypatch: pytest.MonkeyPatch, public: bool
) -> None:
    if public:
        monkeypatch.setattr(tls, "special", lambda _: "")
    server.answer = says(200, text(entry()))
    file.write_text(f"{server.url}/index.json\n")
    assert look("clock").inside is not public


@pytest.mark.usefixtures("internet")
def test_a_public_index_leads_to_no_private_server(
    serve: Callable[..., Server], file: Path, cache: Path, said: list[str]
) -> None:
    public, private = serve("127.0.0.1"), serve("127.0.0.2")
    public.answer = says(200, text(entry(url=f"{private.url}/a.edge")))
    file.write_text(f"{public.url}/index.json\n")
    with pytest.raises(errors.FetchFailed, match="is 127.0.0.2, which is loopback"):
        open_source("registry:clock", most_bytes=1000, cache=str(cache), say=said.append)
    assert private.requests == []


@pytest.mark.parametrize("url", ["packages/a.edge", "/packages/a.edge", "../a b.edge"])
def test_paths_in_an_index_of_this_machine(tmp_path: Path, file: Path, look: Look, url: str) -> None:
    here(tmp_path, file, entry(url=url))
    assert look("clock").url == (url if url.startswith("/") else f"{tmp_path}/{url}")


def test_a_path_in_an_index_that_leads_nowhere_is_the_fault_of_the_registry(
    tmp_path: Path, file: Path, cache: Path, said: list[str]
) -> None:
    here(tmp_path, file, entry(url="gone.edge"))
    with (
        pytest.raises(errors.BadPackage, match=r"clock 1\.0\.0: .*/gone\.edge: No such file") as caught,
        open_source("clock", most_bytes=1 << 20, cache=str(cache), say=said.append),
    ):
        pass
    assert caught.value.remedy == "Report this to the registry's operator"


@pytest.mark.parametrize(("written", "digest"), [(f"sha256:{DIGEST.upper()}", DIGEST), (None, ""), ("", "")])
def test_a_digest_as_others_write_it(
    tmp_path: Path, file: Path, look: Look, written: str | None, digest: str
) -> None:
    here(tmp_path, file, entry(sha256=written))
    assert look("clock").sha256 == digest


BROKEN = [
    (entry(sha256="abc"), "64 hexadecimal"),
    (entry(sha256="sha256:abc"), "64 hexadecimal"),
    (entry(sha256=f"sha512:{DIGEST}"), "64 hexadecimal"),
    (entry(sha256=5), "64 hexadecimal"),
    (entry(url=None), "its 'url' is missing"),
    (entry(url=""), "its url"),
    (entry(url="a\0b"), "its url"),
    (entry(url="http://example.org/hunter2"), "its url"),
    (entry(url="file:///hunter2"), "its url"),
    (entry(url="https://user:hunter2@example.org/"), "its url"),
    (entry(version=None), "its 'version' is missing"),
    (entry(version=""), "its version"),
    (entry(version="1\x1b[2J"), "its version"),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_broken_entry_is_refused_if_it_is_the_one(
    tmp_path: Path, file: Path, look: Look, broken: Any, why: str
) -> None:
    index = here(tmp_path, file, entry(), broken)
    with pytest.raises(errors.BadPackage, match=why) as caught:
        look("clock")
    assert f"{index}, entry 2, clock" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("broken", "why"), [*BROKEN, ("text", "not an object"), (entry("../x"), "its name")])
def test_a_broken_entry_is_skipped_with_a_warning_if_it_is_another(
    tmp_path: Path, file: Path, look: Look, said: list[str], broken: Any, why: str
) -> None:
    here(tmp_path, file, broken, entry())
    assert look("clock").version == "1.0.0"
    [line] = said
    assert "entry 1 is skipped" in line
    assert why in line
    assert "hunter2" not in line


def test_many_broken_entries_do_not_fill_the_screen(
    tmp_path: Path, file: Path, look: Look, said: list[str]
) -> None:
    here(tmp_path, file, *[None] * 1000, entry())
    look("clock")
    assert len(said) == 6
    assert "995 more" in said[-1]


@pytest.mark.parametrize(
    "index",
    [b"", b"{", b"[]", b"{}", b'{"plugins": {}}', b'"\xff"', b"<html>", b"[" * 100_000, b'{"plugins": null}'],
)
def test_what_is_no_index(tmp_path: Path, file: Path, look: Look, index: bytes) -> None:
    path = here(tmp_path, file)
    path.write_bytes(index)
    with pytest.raises(errors.BadPackage, match="not a registry index") as caught:
        look("clock")
    assert str(path) in str(caught.value)


def test_an_index_that_is_too_large(tmp_path: Path, file: Path, look: Look) -> None:
    path = here(tmp_path, file)
    path.write_bytes(b" " * 4_000_001)
    with pytest.raises(errors.BadPackage, match="larger than"):
        look("clock")


def test_no_registry_is_configured(file: Path, look: Look) -> None:
    for content in (None, "# none yet\n\n"):
        if content is not None:
            file.write_text(content)
        with pytest.raises(errors.UsageError, match="No registry is configured") as caught:
            look("clock")
        assert str(file) in caught.value.remedy


def test_a_file_that_ends_within_a_line_may_have_been_cut_short(
    tmp_path: Path, file: Path, look: Look
) -> None:
    """What is left of an address would be asked; the remedy is for a file that was written so."""
    here(tmp_path, file, entry())
    file.write_text(file.read_text().rstrip("\n"))
    with pytest.raises(errors.EnvironmentFault, match="truncated") as caught:
        look("clock")
    subprocess.run(["sh", "-c", caught.value.remedy.split("`")[1]], check=True)
    assert look("clock").name == "clock"


def test_an_unknown_plugin_tells_where_registries_are_named(tmp_path: Path, file: Path, look: Look) -> None:
    here(tmp_path, file, entry())
    with pytest.raises(errors.UsageError, match="No registry has other") as caught:
        look("other")
    assert str(file) in caught.value.remedy


@pytest.mark.parametrize(
    "line", ["http://hunter2.org/", "index.json", "https://u:hunter2@example.org/", "~/x"]
)
def test_a_line_that_is_no_registry(file: Path, look: Look, line: str) -> None:
    file.write_text(f"# first\n{line}\n")
    with pytest.raises(errors.UsageError, match="line 2") as caught:
        look("clock")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_others_may_write_names_no_registries(tmp_path: Path, file: Path, look: Look) -> None:
    here(tmp_path, file, entry())
    file.chmod(0o646)
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner"):
        look("clock")


@pytest.mark.parametrize("what", ["", "@1", "clock@", "../clock", "Clock", "a/b", "x" * 200])
def test_what_is_no_name(file: Path, look: Look, what: str) -> None:
    file.write_text("/index.json\n")
    with pytest.raises(errors.UsageError, match="not a valid plugin name"):
        look(what)
