"""From a server, a registry or an archive into the store, as `edge install` goes."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors, places
from edge.cli import main
from edge.sources import open_source
from edge.store import lifecycle, record
from tests import packages
from tests.home import LOCAL, move
from tests.sources.servers import Release, Server, says

MOST = 1 << 24


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    return tmp_path


@pytest.fixture
def package(wasm: Callable[[str], Path]) -> bytes:
    return packages.package(wasm("faults"), name="faults")


def install(*words: object, capfd: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    capfd.readouterr()
    status = main(["install", *map(str, words), "--json"])
    return status, json.loads(capfd.readouterr().out)


def test_what_comes_from_a_server_waits_for_its_operator(
    server: Server, package: bytes, machine: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answer = Release(package)
    status, done = install(f"{server.url}/faults.edge", capfd=capfd)
    assert (status, done["change"], done["enabled"]) == (0, "installed", False)
    found = record.get("faults")
    assert (found.remote, found.origin) == (True, f"{server.url}/faults.edge")
    lifecycle.enable("faults", consent=lambda _: True)
    assert list((machine / "data/edge/downloads").iterdir()) == []


def test_what_a_registry_names_is_installed_by_its_digest(
    server: Server, package: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    digest = hashlib.sha256(package).hexdigest()
    entry = {"name": "faults", "version": "1.0.0", "url": "faults.edge", "sha256": digest}
    index = json.dumps({"plugins": [entry]}).encode()
    server.answer = lambda request, client: (
        Release(package)(request, client)
        if request.target.endswith(".edge")
        else says(200, index)(request, client)
    )
    path = Path(places.config_home()) / "edge" / "registry"
    path.parent.mkdir(parents=True)
    path.write_text(f"{server.url}/index.json\n")
    status, done = install("faults", "--yes", capfd=capfd)
    assert (status, done["enabled"]) == (0, True)
    server.answer = lambda request, client: (
        Release(package + b"?")(request, client)
        if request.target.endswith(".edge")
        else says(200, index)(request, client)
    )
    assert install("registry:faults", capfd=capfd)[0] == 3


def test_a_download_that_breaks_off_goes_on_at_the_next_try(
    server: Server, package: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answer = Release(package, cut=len(package) // 2)
    assert install(f"{server.url}/a.edge", capfd=capfd)[0] == 5
    server.answer = Release(package)
    assert install(f"{server.url}/a.edge", capfd=capfd)[0] == 0
    assert server.requests[-1].headers["range"] == f"bytes={len(package) // 2}-"


def test_a_package_in_an_archive(machine: Path, package: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    archive = machine / "release.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("faults-1.0.0.edge", package)
    assert install(archive, capfd=capfd)[1]["enabled"]


def test_nothing_is_left_open_or_behind(machine: Path, package: bytes) -> None:
    archive = machine / "release.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("faults-1.0.0.edge", package)
    junk = machine / "junk.zip"
    junk.write_bytes(archive.read_bytes()[:-30])
    cache = machine / "cache"
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with open_source(str(archive), most_bytes=MOST, cache=str(cache), say=print) as source:
            assert source.fd is not None
        with (
            pytest.raises(errors.Refused),
            open_source(str(junk), most_bytes=MOST, cache=str(cache), say=print),
        ):
            pass
        with (
            pytest.raises(errors.Refused),
            open_source(str(archive), most_bytes=10, cache=str(cache), say=print),
        ):
            pass
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(cache.iterdir()) == []
