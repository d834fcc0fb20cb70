"""Packing somebody else's plugin: what its manifest leaves out is stated, and devices show the adoption."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from tests.support.home import LOCAL, move

Edge = Callable[..., Any]

PUBLISHED = '''
name = "faults"
version = "0.0.0"
description = """
Does what it is told.

In two lines."""
author = ""
signature = ""
provides = ["faults"]
sender_match = "*"
wasm_path = "faults.wasm"
capabilities = ["tool"]
permissions = ["env_read", "socket_client"]
[registry]
url = "https://example.org"
'''


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        yield tmp_path


@pytest.fixture
def published(machine: Path, wasm: Callable[[str], Path]) -> Path:
    folder = machine / "published"
    folder.mkdir()
    (folder / "manifest.toml").write_text(PUBLISHED)
    (folder / "faults.wasm").write_bytes(wasm("faults").read_bytes())
    return folder


def pack(edge: Edge, folder: Path, *more: object) -> Any:
    return edge("pack", folder, "--target", "x86_64-linux", "-o", folder.parent / "a.edge", *more)


def test_a_published_plugin_is_packed_installed_shown_as_adopted_and_configured(
    edge: Edge, machine: Path, published: Path
) -> None:
    assert pack(edge, published).status == 3
    ran = pack(edge, published, "--adopt", "--release", "7")
    assert ran.status == 0
    for stated in (
        "the risk of faults is high, because the manifest does not rate it",
        "`env_read` is the old name of config_read",
        "config_read without [config_schema] allows any setting",
        "description must be 1 to 4096 characters in one line",
        "author must be",
        "signature is empty",
        "version is 0.0.0, but the plugin reports 0.1.0",
    ):
        assert stated in ran.err
    seen = edge("inspect", machine / "a.edge", "--json").document
    assert (seen["adopted"], seen["release"]) == (True, 7)
    assert "its author did not" in edge("inspect", machine / "a.edge").out
    ran = edge("install", machine / "a.edge")
    assert (ran.status, "its author did not" in ran.err) == (0, True)
    # Nothing had to be agreed to, and the warnings are there all the same.
    assert "warning: its manifest, line" in ran.err
    shown = edge("show", "faults", "--json").document
    assert (shown["adopted"], shown["description"]) == (True, "Does what it is told. In two lines.")
    assert shown["tools"][0]["risk"] == "high"
    assert edge("config", "faults", "port=80").status == 0
    assert edge("config", "faults", "--json").document["values"] == {"port": "80"}
    assert edge("call", "faults", '{"do": "secret", "text": "x"}').status == 0


def test_who_installs_what_was_adopted_is_asked_about_that_too(
    edge: Edge, machine: Path, published: Path
) -> None:
    with (published / "manifest.toml").open("a") as file:
        file.write("[edge.kv]\nquota_bytes = 10\n")
    assert pack(edge, published, "--adopt").status == 0
    ran = edge("install", machine / "a.edge", "--yes")
    assert "  is adopted: its author did not pack and sign it" in ran.err


def test_without_a_release_number_the_first_is_stated(edge: Edge, machine: Path, published: Path) -> None:
    ran = pack(edge, published, "--adopt")
    assert (
        "the release is 1, because no release number can be derived from 0.0.0; set one with --release"
        in ran.err
    )
    assert edge("inspect", machine / "a.edge", "--json").document["release"] == 1


@pytest.mark.parametrize(
    "words", [("--release", "7"), ("--adopt", "--release", "0"), ("--adopt", "--release", 2**53)]
)
def test_a_release_is_for_adoption_and_has_a_range(
    edge: Edge, published: Path, words: tuple[object, ...]
) -> None:
    assert pack(edge, published, *words).status == 2


def test_what_would_be_unsafe_to_guess_is_refused_still(edge: Edge, published: Path) -> None:
    with (published / "manifest.toml").open("a") as file:
        file.write('[config_schema.properties.a]\ntype = "integer"\nx-secret = true\n')
    ran = pack(edge, published, "--adopt")
    assert (ran.status, "a secret must be text" in ran.err) == (3, True)
