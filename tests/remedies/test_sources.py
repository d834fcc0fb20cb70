"""Remedies about files, URLs, archives and registries that plugins come from, followed as they are told."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from tests.remedies.reading import advice
from tests.support import packing

Edge = Callable[..., Any]
Packed = Callable[..., Path]
ENGINE = native.about()["engine"]


def test_a_digest_that_is_none(edge: Edge, packed: Packed) -> None:
    file = packed()
    told = advice(edge("install", file, "--sha256", "12"), "Use the output of `sha256sum` for the file")
    printed = subprocess.run([*told.command(), file], capture_output=True, text=True, check=True).stdout
    assert edge("install", file, "--sha256", printed.split()[0]).status == 0
    assert edge("install", file, "--sha256", printed.strip()).status == 0


def test_a_digest_of_a_folder(edge: Edge, wasm: Callable[[str], Path], tmp_path: Path) -> None:
    folder = packing.folder(tmp_path / "plugin", "faults", wasm("faults"), {})
    advice(edge("install", f"{folder}/", "--sha256", "0" * 64), "Remove --sha256")
    assert edge("install", f"{folder}/", "--yes").status == 0


@pytest.mark.parametrize("url", ["http://example.org/a.edge", "https://", "https://a b.example.org/"])
def test_a_url_that_is_not_fetched(edge: Edge, packed: Packed, url: str) -> None:
    ran = edge("install", url)
    if url.startswith("http:"):
        advice(ran, "Use an https:// URL, or download the file yourself and install it with --sha256")
        file = packed()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert edge("install", file, "--sha256", digest).status == 0
    elif " " not in url:
        advice(ran, "Use a URL like https://example.org/plugin.edge")
        # One like this gets as far as the network, which is another error.
        assert edge("install", "https://plugin.invalid/plugin.edge").status == 5


def test_a_proxy_that_is_not_used(edge: Edge, packed: Packed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    ran = edge("install", "https://plugin.invalid/plugin.edge")
    told = advice(
        ran,
        "{} is set, but Edge does not use proxies: download the file (curl -O URL) and install it from disk",
    )
    assert "HTTPS_PROXY" in told.text
    assert edge("install", packed()).status == 0


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "config/edge/registry"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def index(at: Path, file: Path) -> Path:
    entry = {"name": "faults", "version": "1.0.0", "url": str(file), "description": "", "author": ""}
    entry["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    path = at / "index.json"
    path.write_text(json.dumps({"plugins": [entry]}))
    return path


def test_no_registry_is_configured(edge: Edge, packed: Packed, tmp_path: Path, registry: Path) -> None:
    told = advice(edge("install", "faults"), "Write the https:// URL or the path of an index into {}")
    assert told.filled[0].startswith(str(registry))
    registry.write_text(f"{index(tmp_path, packed())}\n")
    assert edge("install", "faults", "--yes").status == 0


def test_a_registry_that_is_none(edge: Edge, packed: Packed, tmp_path: Path, registry: Path) -> None:
    registry.write_text("nothing\n")
    advice(edge("install", "faults"), "Write the https:// URL or the absolute path of an index")
    registry.write_text(f"{index(tmp_path, packed())}\n")
    assert edge("install", "faults", "--yes").status == 0


def test_registries_that_are_lost(edge: Edge, packed: Packed, registry: Path) -> None:
    registry.write_bytes(bytes(20))
    told = advice(
        edge("install", "faults"),
        "Write the https:// URL or the path of an index into it, or remove it: `rm {}`",
    )
    told.shell()
    advice(edge("install", "faults"), "Write the https:// URL or the path of an index into {}")
    assert edge("install", packed()).status == 0


def test_a_name_that_is_none_of_a_registry(
    edge: Edge, packed: Packed, tmp_path: Path, registry: Path
) -> None:
    registry.write_text(f"{index(tmp_path, packed())}\n")
    told = advice(
        edge("install", "registry:"), "Write NAME or NAME@VERSION, for example `edge install calendar@1.2.0`"
    )
    words = [word.replace("calendar@1.2.0", "faults@1.0.0") for word in told.edge()]
    assert edge(*words, "--yes").status == 0


def test_an_archive_with_a_link(edge: Edge, wasm: Callable[[str], Path], tmp_path: Path) -> None:
    folder = packing.folder(tmp_path / "plugin", "faults", wasm("faults"), {})
    (folder / "faults.wasm").rename(tmp_path / "elsewhere.wasm")
    (folder / "faults.wasm").symlink_to(tmp_path / "elsewhere.wasm")
    subprocess.run(["tar", "-C", tmp_path, "-czf", tmp_path / "a.tar.gz", "plugin"], check=True)
    told = advice(
        edge("install", tmp_path / "a.tar.gz", "--yes"),
        "Create the archive again from the plugin's folder: tar -czhf NAME.tar.gz FOLDER (-h replaces links "
        "by files)",
    )
    words = told.text.partition(": ")[2].partition(" (")[0].split()
    words = [{"NAME.tar.gz": "b.tar.gz", "FOLDER": "plugin"}.get(word, word) for word in words]
    subprocess.run(words, cwd=tmp_path, check=True)
    assert edge("install", tmp_path / "b.tar.gz", "--yes").status == 0


def test_an_archive_whose_plugin_wants_more(edge: Edge, wasm: Callable[[str], Path], tmp_path: Path) -> None:
    changes = {"permissions": ["http_client"], "edge": {"http": {"hosts": ["a.example.org"]}}}
    folder = packing.folder(tmp_path / "plugin", "faults", wasm("faults"), changes)
    subprocess.run(["tar", "-C", tmp_path, "-czf", tmp_path / "a.tar.gz", "plugin"], check=True)
    told = advice(
        edge("install", tmp_path / "a.tar.gz"),
        "`edge install {} --yes` consents; a package of `edge pack` needs no compilation here",
    )
    assert edge(*told.edge(0)).status == 0
    assert edge("remove", "faults", "--forget").status == 0
    assert edge(*told.edge(1), "--adopt", folder, "--target", ENGINE, "-o", tmp_path / "a.edge").status == 0
    assert edge("install", tmp_path / "a.edge").status == 0


def test_a_digest_that_the_registry_does_not_list(
    edge: Edge, packed: Packed, tmp_path: Path, registry: Path
) -> None:
    registry.write_text(f"{index(tmp_path, packed())}\n")
    advice(
        edge("install", "faults", "--sha256", "0" * 64),
        "Compare --sha256 with the digest that the plugin's author publishes; if it is right, do not install "
        "from this registry",
    )
    # The digest was not right; the one that the author publishes is.
    digest = hashlib.sha256(packed().read_bytes()).hexdigest()
    assert edge("install", "faults", "--sha256", digest, "--yes").status == 0


def test_a_lone_component_is_run_or_installed_with_its_manifest(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = packing.folder(tmp_path / "a plugin", "faults", wasm("faults"), {})
    monkeypatch.chdir(tmp_path)
    told = advice(
        edge("install", next(folder.glob("*.wasm"))),
        "To try it here: `edge run {} JSON`. To install it: put it beside its {}, then "
        "`edge install ./FOLDER`, or `edge pack FOLDER` for other devices",
    )
    assert edge(*told.edge(JSON='{"do": "nothing"}')).status == 0
    assert edge(*(word.replace("./FOLDER", f"{folder}/") for word in told.edge(1)), "--yes").status == 0
    assert edge(*told.edge(2, FOLDER=folder), "-o", tmp_path / "a.edge").status == 0


def test_a_lone_artifact_is_run_or_packed(
    edge: Edge, wasm: Callable[[str], Path], artifact: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = packing.folder(tmp_path / "a plugin", "faults", wasm("faults"), {})
    told = advice(
        edge("install", artifact("faults")),
        "To run it: `edge run {} JSON`. To install the plugin, get its package, or on a PC: "
        "`edge pack FOLDER`",
    )
    assert edge(*told.edge(JSON='{"do": "nothing"}')).status == 0
    package = tmp_path / "a.edge"
    assert edge(*told.edge(1, FOLDER=folder), "-o", package).status == 0
    assert edge("install", package).status == 0


def test_a_manifest_is_installed_as_its_folder(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = packing.folder(tmp_path / "a plugin", "faults", wasm("faults"), {})
    told = advice(edge("install", folder / "manifest.toml"), "Name its folder: `edge install {}/`")
    assert edge(*told.edge(), "--yes").status == 0


def test_a_registry_that_ends_within_a_line(
    edge: Edge, packed: Packed, tmp_path: Path, registry: Path
) -> None:
    registry.write_text(str(index(tmp_path, packed())))
    told = advice(
        edge("install", "faults"),
        "Check that the last line is complete and none is missing, then end it: `echo >> {}`",
    )
    subprocess.run(["sh", "-c", " ".join(told.command()[:2]) + f" '{told.command()[2]}'"], check=True)
    assert edge("install", "faults", "--yes").status == 0
