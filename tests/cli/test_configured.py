"""`edge config` and `edge secret`: what an installed plugin gets to see, and what nobody else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import audit
from tests.support import packages
from tests.support.home import LOCAL, move
from tests.support.terminal import typed

Edge = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent.parent
CANARY = "s3cret-canary"
MANIFEST = """
permissions = ["config_read"]
[config_schema]
type = "object"
required = ["token"]
additionalProperties = false
[config_schema.properties.days]
type = "integer"
minimum = 1
description = "how far to look"
[config_schema.properties.city]
type = "string"
default = "Bonn"
[config_schema.properties.hosts]
type = "array"
items = { type = "string" }
[config_schema.properties.token]
type = "string"
x-secret = true
pattern = "^[!-~]{8,}$"
"""


@pytest.fixture(autouse=True)
def machine(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, wasm: Callable[[str], Path], edge: Edge
) -> Iterator[Path]:
    """A machine with a plugin that is configured and reads a secret."""
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    package = tmp_path / "faults.edge"
    package.write_bytes(packages.package(wasm("faults"), name="faults", manifest=MANIFEST))
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        assert edge("install", package, "--yes").status == 0
        yield tmp_path


def test_what_is_configured_reaches_the_plugin(edge: Edge) -> None:
    ran = edge("config", "faults", "days=3", "city=7")
    assert ran.status == 0
    assert "days = 3  (an integer: how far to look)" in ran.out
    assert 'city = "7"' in ran.out
    answer = edge("call", "faults", '{"do": "arguments"}').out
    assert json.loads(answer)["__config"] == {"days": 3, "city": "7"}
    assert edge("config", "faults", "--unset", "city", "--json").document["values"] == {"days": 3}


def test_what_changes_nothing_is_not_audited_and_what_is_unknown_is_wrong(edge: Edge) -> None:
    edge("config", "faults", "days=3")
    before = list(audit.entries())
    ran = edge("config", "faults", "--unset", "town")
    assert (ran.status, "no such setting: `town`" in ran.err) == (2, True)
    assert edge("config", "faults", "--unset", "city").status == 0
    assert edge("config", "faults", "days=3").status == 0
    assert list(audit.entries()) == before


def test_a_document_sets_much_at_once(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"days": 5, "city": "Bonn"}')
    found = edge("config", "faults", "--from", tmp_path / "c.json", "--json").document
    assert found["values"] == {"days": 5, "city": "Bonn"}
    assert (found["secrets"], found["missing"]) == ({"token": False}, ["token"])


def test_a_whole_number_is_kept_as_it_was_written_or_refused(edge: Edge, tmp_path: Path) -> None:
    for number in (2**53 + 1, 2**64 - 1):
        assert edge("config", "faults", f"days={number}").status == 0
        asked = edge("call", "faults", '{"do": "arguments"}').out
        assert json.loads(asked)["__config"] == {"days": number}
    (tmp_path / "c.json").write_text(json.dumps({"days": 2**64}))
    ran = edge("config", "faults", "--from", tmp_path / "c.json")
    assert (ran.status, "between -9223372036854775808 and 18446744073709551615" in ran.err) == (2, True)
    assert edge("config", "faults", "--json").document["values"] == {"days": 2**64 - 1}


@pytest.mark.parametrize(
    "words",
    [
        ("days=many",),
        ("days=0",),
        ("days=18446744073709551616",),
        ("days=9007199254740993.0",),
        ("--json-value", "days=18446744073709551616"),
        ("--json-value", "days=9007199254740993.0"),
        ("town=Bonn",),
        ("days",),
        ("=3",),
        ("city=\udcff",),
        ("hosts=a,b",),
        ("hosts=[1]",),
        ("token=" + CANARY,),
        ("--json-value", "token=" + CANARY),
        ("--json-value", f'days="{CANARY}"'),
        ("--json-value", f"days={CANARY}"),
        ("--json-value", "days"),
        ("days=3", "--unset", "token"),
        ("days=3", "--from", "/dev/null/nothing"),
    ],
)
def test_what_the_schema_does_not_allow_is_wrong_usage(edge: Edge, words: tuple[str, ...]) -> None:
    ran = edge("config", "faults", *words)
    assert (ran.status, ran.out) == (2, "")
    assert CANARY not in ran.err
    assert "Traceback" not in ran.err
    assert edge("config", "faults", "--json").document["values"] == {}


def test_a_value_is_written_as_json(edge: Edge) -> None:
    ran = edge("config", "faults", "--json-value", 'hosts=["a", "b=c"]', "--json-value", "days=2", "--json")
    assert ran.document["values"] == {"hosts": ["a", "b=c"], "days": 2}


def test_what_is_not_set_is_shown_with_its_default(edge: Edge) -> None:
    assert 'city = not set, "Bonn" by default  (text)' in edge("config", "faults").out
    assert edge("config", "faults", "--json").document["schema"]["city"]["default"] == "Bonn"


@pytest.mark.parametrize(
    "text", ["[1]", "{", '{"days": 0}', '{"days": 1, "days": 2}', json.dumps({"token": CANARY})]
)
def test_a_document_that_is_not_allowed_sets_nothing(edge: Edge, tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    ran = edge("config", "faults", "city=Bonn", "--from", tmp_path / "c.json")
    assert (ran.status, ran.out, CANARY in ran.err) == (2, "", False)
    assert edge("config", "faults", "--json").document["values"] == {}


def test_a_secret_is_served_to_the_plugin_and_shown_to_nobody(edge: Edge, machine: Path) -> None:
    (machine / "token").write_text(CANARY + "\n")
    said = [edge("secret", "faults", "token", "--from", machine / "token")]
    assert said[0].out == "token: set\n"
    (machine / "token").unlink()
    answer = edge("call", "faults", '{"do": "secret", "text": "token"}')
    assert CANARY in answer.out
    for words in (
        ("secret", "faults"),
        ("secret", "faults", "--json"),
        ("config", "faults"),
        ("config", "faults", "--json"),
        ("show", "faults"),
        ("show", "faults", "--json"),
        ("list", "--json"),
        ("secret", "faults", "token", "--from", "/dev/null"),
        ("secret", "faults", "token", "--unset", "--unset-too"),
        ("config", "faults", "days=3"),
        ("config", "faults", "token=x"),
        ("policy", "--json"),
        ("policy", "level", "strict", "faults"),
        ("policy", "level", "default", "faults"),
        ("inspect", machine / "faults.edge"),
        ("install", machine / "faults.edge", "--yes"),
        ("call", "faults", '{"do": "trap"}'),
        ("call", "faults", '{"do": "arguments"}'),
        ("audit", "faults"),
        ("audit", "--log", "--json"),
        ("log", "faults"),
        ("doctor", "--json"),
        ("key", "list", "--json"),
        ("reload", "faults"),
        ("rollback", "faults"),
        ("enable", "faults"),
        ("disable", "faults"),
    ):
        said += [edge(*words)]
    assert all(CANARY not in ran.out + ran.err for ran in said)
    for path in machine.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    edge("remove", "faults")
    assert list((machine / "data/edge/secrets").iterdir()) == []


def test_a_secret_comes_from_standard_input(edge: Edge) -> None:
    command = [sys.executable, "-m", "edge", "secret", "faults", "token"]
    done = subprocess.run(
        command, cwd=ROOT, input=CANARY.encode(), capture_output=True, check=True, env=dict(os.environ)
    )
    assert done.stdout == b"token: set\n"
    assert CANARY in edge("call", "faults", '{"do": "secret", "text": "token"}').out
    assert edge("secret", "faults", "token", "--unset").out == "token: not set\n"


def test_a_secret_is_typed_where_nobody_sees_it(edge: Edge) -> None:
    known: list[bytes] = []

    def look(process: int) -> None:
        known.extend(Path(f"/proc/{process}/{name}").read_bytes() for name in ("cmdline", "environ"))

    command = [sys.executable, "-m", "edge", "secret", "faults", "token"]
    ended, shown = typed(command, CANARY.encode(), meanwhile=look)
    assert (ended, shown.endswith(b"token: set\r\n")) == (0, True)
    assert len(known) == 2
    assert all(CANARY.encode() not in told for told in (*known, shown))
    assert CANARY in edge("call", "faults", '{"do": "secret", "text": "token"}').out


@pytest.mark.parametrize("value", ["s3cret", "s3cret canary", ""])
def test_a_secret_that_the_schema_does_not_allow_is_refused_without_showing_it(
    edge: Edge, machine: Path, value: str
) -> None:
    (machine / "value").write_text(value + "\n")
    ran = edge("secret", "faults", "token", "--from", machine / "value")
    assert (ran.status, ran.out) == (2, "")
    assert "token" in ran.err
    assert "s3cret" not in ran.err
    assert edge("secret", "faults", "--json").document["secrets"] == {"token": False}


def test_a_secret_that_is_not_set_is_not_found(edge: Edge) -> None:
    assert "not-found" in edge("call", "faults", '{"do": "secret", "text": "token"}').out
    assert "not-found" in edge("call", "faults", '{"do": "secret", "text": "other"}').out
    assert "not-found" in edge("call", "faults", '{"do": "secret", "text": "city"}').out


def test_what_is_no_secret_of_the_plugin_can_not_be_set(edge: Edge, machine: Path) -> None:
    (machine / "value").write_text(CANARY)
    for secret in ("city", "password", ""):
        ran = edge("secret", "faults", secret, "--from", machine / "value")
        assert (ran.status, ran.out) == (2, "")
        assert CANARY not in ran.err


def test_a_secret_that_is_not_text_is_refused_without_showing_it(edge: Edge, machine: Path) -> None:
    (machine / "value").write_bytes(CANARY.encode() + b"\xff")
    ran = edge("secret", "faults", "token", "--from", machine / "value")
    assert ran.status == 2
    assert CANARY not in ran.err


MARK = b"\xef\xbb\xbf"
"""A byte-order mark, as editors of Windows put it at the head of a text."""


def test_a_byte_order_mark_is_no_part_of_what_is_set(edge: Edge, machine: Path) -> None:
    path = machine / "typed.txt"
    path.write_bytes(MARK + b'{"days": 3}\r\n')
    assert edge("config", "faults", "--from", path, "--json").document["values"] == {"days": 3}
    stored = machine / "data/edge/config/faults.json"
    stored.write_bytes(MARK + stored.read_bytes())
    assert edge("config", "faults", "--json").document["values"] == {"days": 3}
    path.write_bytes(MARK + CANARY.encode() + b"\r\n")
    assert edge("secret", "faults", "token", "--from", path).status == 0
    answer = edge("call", "faults", '\ufeff{"do": "secret", "text": "token"}').out
    assert f'"{CANARY}"' in answer


def test_a_policy_with_a_byte_order_mark_is_read(edge: Edge, machine: Path) -> None:
    assert edge("policy", "unattended", "none").status == 0
    path = machine / "config/edge/policy.json"
    path.write_bytes(MARK + path.read_bytes())
    assert edge("policy", "show", "--json").document["unattended"] == "none"


@pytest.mark.parametrize(("length", "status"), [(4094, 0), (4095, 2), (5000, 2)])
def test_a_typed_secret_that_a_terminal_cuts_is_not_set(edge: Edge, length: int, status: int) -> None:
    ended, shown = typed([sys.executable, "-m", "edge", "secret", "faults", "token"], b"x" * length)
    assert ended == status, shown
    assert edge("secret", "faults", "--json").document["secrets"] == {"token": not status}
    if status:
        assert b"Terminals cut lines of 4095 bytes" in shown


REFERRING = """
permissions = ["config_read"]
[config_schema]
"$dynamicRef" = "#x"
[config_schema.properties.port]
"$ref" = "#/$defs/port"
[config_schema."$defs".port]
type = "integer"
anyOf = [{ minimum = 1024 }, { const = 80 }]
"""


def test_references_and_alternatives_are_checked_and_what_is_not_is_said(
    edge: Edge, machine: Path, wasm: Callable[[str], Path]
) -> None:
    path = machine / "other.edge"
    path.write_bytes(packages.package(wasm("faults"), name="faults", release=2, manifest=REFERRING))
    ran = edge("install", path, "--yes")
    assert (ran.status, "are not checked: /$dynamicRef" in ran.err) == (0, True)
    ran = edge("config", "faults", "port=0")
    assert (ran.status, "/port: must be 1024 or more, or must be 80" in ran.err) == (2, True)
    ran = edge("config", "faults", "port=80")
    assert (ran.status, "not checked here: /$dynamicRef" in ran.err) == (0, True)
