"""A command that is refused on a machine where Edge never ran leaves that as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge.cli import main
from tests.support import packages
from tests.support.home import move

Edge = Callable[..., Any]
DIGITS = bytes(range(1, 33)).hex()


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files to install, and below it `machine`, on which nothing was kept yet."""
    (tmp_path / "bad.edge").write_text("no package")
    (tmp_path / "bad.zip").write_text("no archive")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "manifest.toml").write_text('name = "bad"\n')
    (tmp_path / "machine").mkdir()
    move(monkeypatch, tmp_path / "machine")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "machine"


@pytest.mark.parametrize(
    "words",
    [
        *([name, "nope"] for name in ("enable", "disable", "rollback", "reload", "remove", "show", "log")),
        ["remove", "nope", "--forget"],
        ["config", "nope", "a=1"],
        ["config", "nope", "--reset"],
        ["secret", "nope", "token"],
        ["secret", "nope", "token", "--unset"],
        *(["install", name] for name in ("nope", "./none.edge", "./bad.edge", "./bad.zip", "./bad")),
        ["install", "https://127.0.0.1:1/a.edge"],
        ["install", "./bad.edge", "--sha256", DIGITS],
        ["key", "trust", "nope"],
        ["key", "trust", DIGITS, "--label", "plugins=x"],
        ["key", "revoke", DIGITS, "--reason", "a#b"],
        ["key", "new", "local"],
        ["key", "floor", "99.0.0"],
        ["policy", "grant", "nope", "fly"],
        ["policy", "revoke", "nope", "http_client"],
        ["policy", "level", "none"],
    ],
)
def test_it_leaves_nothing(edge: Edge, fresh: Path, words: list[str]) -> None:
    ran = edge(*words)
    assert ran.status or words[1] == "revoke", ran
    assert sorted(fresh.rglob("*")) == []


def test_a_package_of_a_stranger_leaves_the_entry_that_says_so(
    edge: Edge, fresh: Path, wasm: Callable[[str], Path]
) -> None:
    package = packages.package(wasm("faults"), name="faults", seed=bytes(range(32)))
    (fresh.parent / "a.edge").write_bytes(package)
    before = {*fresh.rglob("*")}
    assert edge("install", "./a.edge").status == 3
    folder = fresh / "data/edge"
    left = {str(path.relative_to(folder)) for path in {*folder.rglob("*")} - before}
    assert left == {"audit", "audit/lock", "audit/uses"}


def test_what_was_there_stays(edge: Edge, fresh: Path) -> None:
    (fresh / "data").mkdir()
    (fresh / "data/edge").mkdir()
    assert main(["policy", "level", "strict"]) == 0
    before = sorted(fresh.rglob("*"))
    assert edge("policy", "grant", "nope", "fly").status == 2
    assert edge("enable", "nope").status == 2
    assert edge("install", "./bad.zip").status == 3
    assert sorted(fresh.rglob("*")) == before
