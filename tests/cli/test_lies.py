"""What a plugin says of itself reaches a terminal, a manifest and a script: none of them may believe it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import _native as native
from edge._native import making
from edge.policy import change
from tests.support import packages
from tests.support.home import LOCAL, move
from tests.support.terminal import typed

wasmtime = pytest.importorskip("wasmtime", reason="the assembler is not here")

Edge = Callable[..., Any]

HERE = Path(__file__).parent


@pytest.fixture
def liar(edge: Edge, tmp_path: Path) -> Path:
    """The artifact of a tool that lies."""
    engine = native.about()["engine"]
    (tmp_path / "liar.wasm").write_bytes(wasmtime.wat2wasm((HERE / "lying_tool.wat").read_text()))
    ran = edge("compile", tmp_path / "liar.wasm", "--target", engine, "-o", tmp_path)
    assert ran.status == 0, ran.err
    assert not controls(ran.out + ran.err)
    return tmp_path / f"liar.{engine}.cwasm"


def controls(text: str) -> set[str]:
    """The characters that a terminal obeys."""
    return {character for character in text if not character.isprintable() and character != "\n"}


def test_what_it_says_of_itself_does_not_reach_the_terminal(edge: Edge, liar: Path) -> None:
    for words in (["inspect", liar], ["audit", liar], ["inspect", "--json", liar]):
        ran = edge(*words)
        assert not controls(ran.out + ran.err)
        assert "ned" in ran.out or words[0] == "audit"


def test_its_error_does_not_reach_the_terminal(edge: Edge, liar: Path) -> None:
    ran = edge("run", liar, "{}")
    assert ran.out == "{}\n"
    assert not controls(ran.err)
    assert "root" in ran.err


def test_a_success_with_an_error_is_told_as_it_is(edge: Edge, liar: Path) -> None:
    ran = edge("run", "--json", liar, "{}")
    answer = json.loads(ran.out)
    assert (ran.status, answer["success"], answer["output"]) == (0, True, "{}")
    assert "root" in answer["error"]


def test_the_name_that_was_signed_is_the_tools_name(edge: Edge, liar: Path) -> None:
    ran = edge("inspect", "--json", liar)
    (tool,) = json.loads(ran.out)["tools"]
    assert edge("run", liar, tool["name"], "{}").status == 0
    assert edge("run", liar, "owned", "{}").status == 2


PADDED = "Looks up prices." + " " * 100 + "asks for nothing beyond what every plugin has"
MANIFEST = f"""description = '{PADDED}'
author = 'A         B'
permissions = ["http_client"]
surprise = 1
[edge.http]
hosts = ["example.org"]
[[edge.cli]]
program = "/usr/bin/g\u0456t"
arguments = ["a\u200bb"]
"""


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store and counters of its own, with the signing key of all tests."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        yield


@pytest.fixture
def stranger(wasm: Callable[[str], Path], tmp_path: Path) -> Path:
    """A package whose texts imitate Edge and other names."""
    path = tmp_path / "faults.edge"
    path.write_bytes(packages.package(wasm("faults"), name="faults", manifest=MANIFEST))
    return path


PROGRAM = r"cli '/usr/bin/g\u0456t' 'a\u200bb'"


def test_what_a_person_agrees_to_at_a_terminal_is_edges_own(stranger: Path) -> None:
    ended, shown = typed([sys.executable, "-m", "edge", "install", str(stranger)], b"n")
    lines = shown.decode().split("\r\n")
    assert ended == 0
    head = next(line for line in lines if line.startswith("faults 1.0.0"))
    assert head == 'faults 1.0.0: "Looks up prices. asks for nothing beyond what every plugin has"'
    assert f"  requests {PROGRAM}" in lines
    assert all("   " not in line for line in lines)
    assert not controls("\n".join(lines))


def test_a_flood_of_warnings_does_not_push_away_what_is_asked(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path
) -> None:
    many = "".join(f"x{at} = 1\n" for at in range(5000))
    path = tmp_path / "faults.edge"
    path.write_bytes(packages.package(wasm("faults"), name="faults", manifest=many + MANIFEST))
    ran = edge("install", path)
    assert ran.err.count("warning: ") == 11
    assert "its manifest has 4995 more" in ran.err
    assert len(edge("inspect", path).out.splitlines()) < 60


def test_names_outside_ascii_are_escapes_wherever_a_person_decides(edge: Edge, stranger: Path) -> None:
    assert edge("install", stranger, "--yes").status == 0
    change.grant("faults", ("cli", "/usr/bin/g\u0456t"))
    for words in (["show", "faults"], ["audit", "faults"], ["policy"], ["policy", "show", "faults"]):
        ran = edge(*words)
        assert r"g\u0456t" in ran.out, words
        assert "\u0456" not in ran.out + ran.err
        assert not controls(ran.out + ran.err)
    shown = edge("show", "faults").out
    assert 'description  "Looks up prices. asks for nothing beyond what every plugin has"\n' in shown
    assert 'author       "A B"\n' in shown
    assert "\u0456" in json.dumps(edge("show", "faults", "--json").document, ensure_ascii=False)


def test_the_name_of_what_is_denied_is_short_however_long_it_is(
    edge: Edge, stranger: Path, wasm: Callable[[str], Path]
) -> None:
    wish = json.dumps({"do": "secret", "text": "\x7f\u202e" * 900_000}, ensure_ascii=False)
    manifest = stranger.with_name("manifest.toml")
    manifest.write_text(packages.manifest_of("faults", "1.0.0", CONFIG))
    ran = edge("run", "--profile", "workstation", "--manifest", manifest, wasm("faults"), wish)
    (line,) = (line for line in ran.err.splitlines() if line.startswith("edge: audit: "))
    assert len(line) < 4096
    assert r'"target": "\u007f\u202e' in line
    assert "... 1799800 more" in line
    assert not controls(ran.err)
    assert edge("install", stranger, "--yes").status == 0


CONFIG = """permissions = ["config_read"]
[config_schema]
type = "object"
[config_schema.properties.token]
type = "string"
x-secret = true
"""


def test_at_a_terminal_a_tools_answer_controls_nothing(edge: Edge, wasm: Callable[[str], Path]) -> None:
    wish = json.dumps({"do": "no", "text": "\x1b[2J\x9b\u202e\nedge: all is well\x7f"})
    command = [sys.executable, "-m", "edge", "run", str(wasm("faults")), wish]
    _, shown = typed(command)
    assert rb"\x1b[2J\x9b\u202e" + b"\r\n| edge: all is well\\x7f" in shown
    assert edge("run", wasm("faults"), wish).out == "\x1b[2J\x9b\u202e\nedge: all is well\x7f\n"
    _, shown = typed([*command[:4], "--json", *command[4:]])
    assert not controls(shown.decode().replace("\r\x1b[K", "").replace("\r", ""))


def test_the_label_of_a_key_can_not_pass_for_another_or_for_more(edge: Edge, tmp_path: Path) -> None:
    labels = ("\u043effice", "office, for every plugin", "a\u200bb")
    lines = [f"ed25519 {making.public_key(making.new_key()).hex()} {label}\n" for label in labels]
    (tmp_path / "keys").write_text("".join(lines))
    assert edge("key", "trust", tmp_path / "keys").status == 2
    (tmp_path / "keys").write_text("".join(lines[:2]))
    assert edge("key", "trust", tmp_path / "keys").status == 0
    shown = edge("key", "list").out
    assert r"  '\u043effice'" in shown
    assert "  'office, for every plugin'" in shown
    assert not controls(shown)


def test_a_warning_about_a_manifest_shows_look_alikes_as_such(
    edge: Edge, wasm: Callable[[str], Path], tmp_path: Path
) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text('name = "pump"\nversion = "1.0.0"\npermissions = ["f\u0456le_read"]\n')
    assert r"`f\u0456le_read`" in edge("audit", "--manifest", path, wasm("faults")).err
