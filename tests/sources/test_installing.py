"""From a server, a registry or an archive into the store, as `edge install` goes."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import audit, errors, files, store
from edge.cli import main
from edge.installed import list as list_installed
from edge.sources import open_source
from edge.store import lifecycle, records
from tests.sources.servers import Release, Server, says
from tests.store.snapshot import contents
from tests.support import packages
from tests.support.descriptors import descriptors
from tests.support.home import LOCAL, move

MAX_BYTES = 1 << 24


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
    found = records.get("faults")
    assert (found.remote, found.origin) == (True, f"{server.url}/faults.edge")
    lifecycle.enable("faults", consent=lambda _: True)
    assert not (machine / "data/edge/downloads").exists()


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
    path = Path(files.config_home()) / "edge" / "registry"
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


def lists(machine: Path, package: Path, name: str, version: str) -> None:
    """A registry of this machine that has the package under a name."""
    entry = {
        "name": name,
        "version": version,
        "url": str(package),
        "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
    }
    index = machine / "index.json"
    index.write_text(json.dumps({"plugins": [entry]}))
    path = Path(files.config_home()) / "edge" / "registry"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{index}\n")


def disguised(machine: Path, wasm: Path, how: str) -> Path:
    """Release 2 of `pump`, as a registry may have it."""
    plain = machine / "pump.edge"
    plain.write_bytes(packages.package(wasm, name="pump", version="2.0.0", release=2))
    if how == "package":
        return plain
    if how == "package in an archive":
        with zipfile.ZipFile(machine / "pump.zip", "w") as file:
            file.write(plain, "weather-1.0.0.edge")
        return machine / "pump.zip"
    folder = machine / "weather"
    folder.mkdir()
    (folder / "a.wasm").write_bytes(wasm.read_bytes())
    (folder / "manifest.toml").write_text(packages.manifest_of("pump", "2.0.0"))
    with tarfile.open(machine / "pump.tar.gz", "w:gz") as archive:
        archive.add(folder, "weather")
    return machine / "pump.tar.gz"


@pytest.mark.parametrize("how", ["package", "package in an archive", "folder in an archive"])
@pytest.mark.parametrize("what", ["weather", "weather@2.0.0", "registry:weather"])
def test_an_entry_of_one_name_does_not_replace_another_plugin(
    machine: Path, wasm: Callable[[str], Path], how: str, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pump = machine / "pump-1.edge"
    pump.write_bytes(packages.package(wasm("faults"), name="pump"))
    assert install(pump, capfd=capfd)[0] == 0
    lists(machine, disguised(machine, wasm("faults"), how), "weather", "2.0.0")
    before = contents(Path(store.root()))
    status, said = install(what, "--yes", capfd=capfd)
    assert (status, said["error"]["kind"]) == (3, "OutOfScope")
    assert said["error"]["message"].startswith("weather 2.0.0 was requested, but ")
    assert said["error"]["message"].endswith(" contains pump 2.0.0; nothing was changed")
    assert contents(Path(store.root())) == before
    last = list(audit.entries())[-1]
    assert (last["event"], last["kind"]) == ("refused", "OutOfScope")


@pytest.mark.parametrize("what", ["faults", "faults@9.9.9"])
def test_an_entry_of_one_version_does_not_bring_another(
    machine: Path, package: bytes, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = machine / "a.edge"
    path.write_bytes(package)
    lists(machine, path, "faults", "9.9.9")
    status, said = install(what, "--yes", capfd=capfd)
    assert (status, said["error"]["kind"]) == (3, "OutOfScope")
    assert "faults 9.9.9 was requested" in said["error"]["message"]
    assert "contains faults 1.0.0" in said["error"]["message"]
    assert store.find("faults") is None


def test_a_folder_of_that_name_is_not_compiled_and_signed(
    machine: Path,
    wasm: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = machine / "weather"
    folder.mkdir()
    (folder / "a.wasm").write_bytes(wasm("faults").read_bytes())
    (folder / "manifest.toml").write_text(packages.manifest_of("weather", "1.0.0"))
    monkeypatch.chdir(machine)
    status, said = install("weather", capfd=capfd)
    assert (status, said["error"]["kind"]) == (2, "UsageError")
    assert "to use weather in this directory, write ./weather" in said["error"]["remedy"]
    assert store.find("weather") is None
    capfd.readouterr()
    assert main(["install", "./weather"]) == 0
    assert "./weather is compiled here and signed with this machine's key, " in capfd.readouterr().err


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
    before = len(descriptors())
    for _ in range(3):
        with open_source(str(archive), most_bytes=MAX_BYTES, cache=str(cache), say=print) as source:
            assert source.fd is not None
        with (
            pytest.raises(errors.Refused),
            open_source(str(junk), most_bytes=MAX_BYTES, cache=str(cache), say=print),
        ):
            pass
        with (
            pytest.raises(errors.Refused),
            open_source(str(archive), most_bytes=10, cache=str(cache), say=print),
        ):
            pass
    assert len(descriptors()) == before
    assert list(cache.iterdir()) == []


@pytest.fixture
def greedy(machine: Path, wasm: Callable[[str], Path]) -> Path:
    """An archive of a plugin that asks for something."""
    folder = machine / "greedy"
    folder.mkdir()
    (folder / "a.wasm").write_bytes(wasm("faults").read_bytes())
    asking = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["api.example.org"]\n'
    (folder / "manifest.toml").write_text(packages.manifest_of("greedy", "1.0.0") + asking)
    with tarfile.open(machine / "greedy.tar.gz", "w:gz") as archive:
        archive.add(folder, "greedy")
    return machine / "greedy.tar.gz"


def test_an_archive_is_compiled_only_after_somebody_agreed(
    greedy: Path, machine: Path, compiled: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    status, said = install(greedy, capfd=capfd)
    assert compiled == []
    assert (status, said["error"]["kind"]) == (3, "NeedsConsent")
    assert "compiled only after consent" in said["error"]["message"]
    assert list_installed() == []
    assert not (machine / "data/edge/downloads").exists()
    last = list(audit.entries())[-1]
    assert (last["event"], last["kind"]) == ("refused", "NeedsConsent")
    status, done = install(greedy, "--yes", capfd=capfd)
    assert (status, done["enabled"]) == (0, True)


def test_who_agreed_to_an_archive_is_asked_once(greedy: Path) -> None:
    from edge.operations.install import install as install_named

    asked: list[object] = []

    def agree(request: object) -> bool:
        asked.append(request)
        return True

    done = install_named(str(greedy), most_bytes=MAX_BYTES, consent=agree, say=print, draw=print)
    assert (len(asked), done.record.enabled) == (1, True)


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ("name = 3\n", "weather.zip/plugin/manifest.toml has "),
        (packages.manifest_of("weather", "1.0.0"), "no such file: {archive}/plugin/a.wasm"),
        ('name = "weather"\nversion = "1.0.0"\n', "{archive}/plugin has 0 WebAssembly files"),
        ('name = "weather"\nversion = "1.0.0"\nwasm_path = "b.wasm"\n', "b.wasm: it is not WebAssembly"),
    ],
)
def test_where_an_archive_is_unpacked_is_told_nobody(
    machine: Path, manifest: str, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    archive = machine / "weather.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("plugin/manifest.toml", manifest)
        file.writestr("plugin/b.wasm" if "b.wasm" in manifest else "plugin/README", "none")
    assert main(["install", str(archive), "--yes"]) == 3
    said = capfd.readouterr().err
    assert told.format(archive=archive) in said
    assert "downloads" not in said
