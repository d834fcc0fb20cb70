"""Consent on the command line: what is shown, what an answer is worth, and with which exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge.store import records
from tests.support import packages
from tests.support.home import LOCAL, move

Edge = Callable[..., Any]

TOKEN = """permissions = ["config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
"""
MEMORY = "[edge.limits]\nmemory = 9000000000\n"
READ = '{"do": "secret", "text": "token"}'


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of its own, with the signing key of all tests."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())


@pytest.fixture
def packed(wasm: Callable[[str], Path], tmp_path: Path) -> Callable[..., Path]:
    def make(release: int, manifest: str = "") -> Path:
        path = tmp_path / f"faults-{release}.edge"
        package = packages.package(wasm("faults"), name="faults", release=release, manifest=manifest)
        path.write_bytes(package)
        return path

    return make


def test_a_yes_to_a_little_more_memory_does_not_give_a_secret_back_unseen(
    edge: Edge, packed: Callable[..., Path]
) -> None:
    assert edge("install", packed(1, TOKEN), "--yes").status == 0
    assert edge("policy", "revoke", "faults", "config_read", "token").status == 0
    refused = edge("install", packed(2, TOKEN + MEMORY))
    assert refused.status == 3
    for ran in (refused, edge("install", packed(2, TOKEN + MEMORY), "--yes")):
        assert "  + WIDER requests config_read token, which it does not have now\n" in ran.err
        assert "  + WIDER declares limits memory 9000000000\n" in ran.err
    assert ("config_read", "token") in records.get("faults").consents


def test_a_release_that_wants_no_more_leaves_it_revoked(edge: Edge, packed: Callable[..., Path]) -> None:
    edge("install", packed(1, TOKEN), "--yes")
    edge("policy", "revoke", "faults", "config_read", "token")
    ran = edge("install", packed(2, TOKEN), "--yes")
    assert (ran.status, ran.err) == (0, "")
    shown = edge("policy", "show", "faults", "--json").document
    assert (shown["state"], shown["consents"], shown["allowed"]) == ("enabled", [], [])


def test_going_back_to_what_nobody_agreed_to_says_that_it_is_disabled(
    edge: Edge, packed: Callable[..., Path]
) -> None:
    edge("install", packed(1, TOKEN))
    edge("install", packed(2))
    assert edge("enable", "faults").status == 0
    ran = edge("rollback", "faults")
    assert (ran.status, ran.out) == (0, "faults 1.0.0 is current again\n")
    assert "It is not enabled: `edge enable faults` enables it" in ran.err
    assert edge("enable", "faults").status == 3
    assert edge("call", "faults", READ).status == 3


def test_consent_to_what_is_installed_already_enables_it(edge: Edge, packed: Callable[..., Path]) -> None:
    package = packed(1, TOKEN)
    assert not edge("install", package, "--json").document["enabled"]
    ran = edge("install", package)
    assert (ran.status, ran.out) == (0, "faults 1.0.0 is already installed\n")
    assert "  requests config_read token\n" in ran.err
    ran = edge("install", package, "--yes")
    assert (ran.status, ran.out) == (0, "faults 1.0.0 is enabled\n")
    assert records.get("faults").consents == (("config_read", "token"),)


def test_consent_does_not_enable_what_an_operator_disabled(edge: Edge, packed: Callable[..., Path]) -> None:
    package = packed(1, TOKEN)
    edge("install", package, "--yes")
    edge("disable", "faults")
    assert edge("install", package, "--yes", "--json").document["change"] == "nothing"
    assert not records.get("faults").enabled
