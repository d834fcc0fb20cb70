"""Remedies that are followed to the letter help."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from tests import packages
from tests.home import LOCAL, move

Edge = Callable[..., Any]
NAMED = re.compile(r"`edge ([^`]+)`|: edge ([a-z][^`]*?)$", re.MULTILINE)
HOSTS = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["*.example.org"]\n'
CROSSING = "[edge.limits]\ncrossing_bytes = 8388608\n"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        yield


@pytest.fixture
def installed(edge: Edge, tmp_path: Path, wasm: Callable[[str], Path]) -> Callable[..., Any]:
    """Installs a plugin with these lines in its manifest."""

    def install(manifest: str = "", *words: str) -> Any:
        path = tmp_path / "faults.edge"
        path.write_bytes(packages.package(wasm("faults"), name="faults", manifest=manifest))
        return edge("install", path, *words)

    return install


def told(ran: Any) -> list[list[str]]:
    """The commands that a message names."""
    return [shlex.split(quoted or last) for quoted, last in NAMED.findall(ran.err)]


def test_a_plugin_that_is_not_enabled(edge: Edge, installed: Callable[..., Any]) -> None:
    installed(HOSTS)
    ran = edge("call", "faults", '{"do": "nothing"}')
    assert ran.status == 3
    show, enable = told(ran)
    assert edge(*show).status == 0
    edge(*told(edge(*enable))[-1])
    assert edge("call", "faults", '{"do": "nothing"}').status == 0


def test_a_revocation_that_something_wider_undoes(edge: Edge, installed: Callable[..., Any]) -> None:
    installed(HOSTS, "--yes")
    ran = edge("policy", "revoke", "faults", "http_client", "a.example.org")
    assert ran.status == 1
    (revoke,) = told(ran)
    assert edge(*revoke).status == 0
    assert edge("policy", "revoke", "faults", "http_client", "a.example.org").status == 0


def test_a_limit_that_the_manifest_asks_for(edge: Edge, installed: Callable[..., Any]) -> None:
    installed(CROSSING, "--yes")
    edge("policy", "revoke", "faults", "limits")
    arguments = json.dumps({"do": "nothing", "text": "a" * (5 << 20)})
    ran = edge("call", "faults", arguments)
    assert ran.status == 4
    (grant,) = told(ran)
    assert edge(*grant).status == 0
    assert edge("call", "faults", arguments).status == 0


def test_a_name_that_is_mistyped(edge: Edge, installed: Callable[..., Any]) -> None:
    installed()
    ran = edge("show", "fualts")
    meant = re.search(r"Did you mean (\S+)\?", ran.err)
    assert meant
    assert edge("show", meant[1]).status == 0
