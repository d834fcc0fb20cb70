"""Root with another user's HOME, as after `sudo -E`: nothing is made there, and what helps is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.commands.machine import ROOT
from tests.faults.commands.table import ALL, KEY, NAME, NOTHING, Shop

SOMEBODY = 12345

CHANGING = (
    ("policy", "level", "strict"),
    ("policy", "unattended", "none"),
    ("policy", "grant", NAME, "http_client", "b.example.org:443"),
    ("policy", "revoke", NAME, "http_client"),
    ("policy", "forget", NAME),
    ("key", "new", "office"),
    ("key", "trust", KEY),
    ("key", "revoke", KEY),
    ("key", "floor", "48.0.0"),
    ("install", "3.edge", "--yes"),
    ("install", "3.tar.gz", "--yes"),
    ("install", "folder", "--yes"),
    ("install", "weather", "--yes"),
    ("call", NAME, '{"do":"arguments"}'),
    ("run", "folder/faults.wasm", '{"do":"arguments"}'),
    ("compile", "folder/faults.wasm", "--target", "x86_64-linux", "-o", "out"),
    ("pack", "folder", "-o", "out/packed.edge"),
    ("enable", NAME, "--yes"),
    ("disable", NAME),
    ("rollback", NAME),
    ("remove", NAME),
    ("remove", NAME, "--forget"),
    ("reload", NAME),
    ("config", NAME, "place=there"),
    ("config", NAME, "--reset"),
    ("secret", NAME, "token"),
    ("secret", NAME, "token", "--unset"),
)
LOOKING = (
    ("list",),
    ("show", NAME),
    ("policy",),
    ("policy", "show", NAME),
    ("key", "list"),
    ("config", NAME),
    ("secret", NAME),
    ("log", NAME),
    ("audit", NAME),
    ("audit", "--log"),
    ("audit", "--verify"),
    ("audit", "3.edge"),
    ("inspect", "3.edge"),
    ("doctor",),
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root is not stopped by the system itself")


@pytest.fixture(params=[NOTHING, ALL])
def house(shop: Shop, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A home of somebody's, with what is installed there, which every folder of Edge's is below."""
    begin = shop.start(request.param)
    home = shop.folder / "house"
    home.mkdir()
    (shop.folder / "out").mkdir(exist_ok=True)
    if request.param == ALL:
        shutil.copytree(begin / "data", home / ".local" / "share", symlinks=True)
        shutil.copytree(begin / "config", home / ".config", symlinks=True)
        # As an older Edge left it: nobody makes a reserve in passing.
        (home / ".local/share/edge/audit/reserve").unlink()
    for path in (home, *home.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)
    yield home
    shutil.rmtree(home)


def state(home: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (found.st_uid, found.st_size, found.st_mtime_ns)
        for path in (home, *home.rglob("*"))
        if (found := path.lstat())
    }


def ask(shop: Shop, home: Path, words: tuple[str, ...]) -> tuple[int, dict[str, object]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    paths = ("folder", "out", "3.edge", "3.tar.gz")
    placed = [str(shop.folder / word) if word.partition("/")[0] in paths else word for word in words]
    done = subprocess.run(
        [sys.executable, "-m", "edge", *placed, "--json"],
        cwd=ROOT,
        env={**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        input="value",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def test_nothing_is_made_in_it_and_it_is_said_whose_command_that_is(shop: Shop, house: Path) -> None:
    before = state(house)
    for words in (*CHANGING, *LOOKING):
        status, said = ask(shop, house, words)
        assert state(house) == before, words
        if words not in CHANGING:
            continue
        error = said.get("error")
        assert isinstance(error, dict), (words, said)
        if error["kind"] == "NotInstalled" and not any(before[path][1] for path in before if NAME in path):
            continue
        told = (status, "runs as root" in error["message"], "as that user" in error["remedy"])
        assert told == (5, True, True), (words, error)


def test_doctor_sees_it_from_either_side(shop: Shop, house: Path) -> None:
    _, said = ask(shop, house, ("doctor",))
    checks = said["checks"]
    assert isinstance(checks, list)
    (found,) = [check for check in checks if check["name"] == "folders"]
    assert (found["status"], "runs as root" in found["found"]) == ("fail", True)
    assert f"sudo -u '#{SOMEBODY}' edge" in found["remedy"]
