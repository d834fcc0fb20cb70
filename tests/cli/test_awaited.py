"""A plugin whose own check reads a secret: installed, enabled once that is set, upgraded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import store
from tests.support import packages, packing
from tests.support.home import LOCAL, move

Edge = Callable[..., Any]
Packed = Callable[..., Path]

CHECK = """
permissions = ["config_read"]
[config_schema]
additionalProperties = false
[config_schema.properties.city]
type = "string"
[config_schema.properties.{secret}]
type = "string"
x-secret = true
[edge.check]
arguments = '{{"do": "need-secret", "text": "{secret}"}}'
"""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    move(monkeypatch, tmp_path, (home / ".local/share" / LOCAL).read_bytes())
    (tmp_path / "value").write_text("s3cret\n")
    with TemporaryDirectory(dir="/dev/shm") as counters:
        monkeypatch.setenv("XDG_RUNTIME_DIR", counters)
        yield tmp_path


@pytest.fixture
def packed(wasm: Callable[[str], Path], tmp_path: Path) -> Packed:
    def make(release: int, secret: str, required: str = "") -> Path:
        path = tmp_path / f"{release}.edge"
        text = CHECK.format(secret=secret).replace("[config_schema]\n", f"[config_schema]\n{required}", 1)
        path.write_bytes(
            packages.package(
                wasm("faults"), name="faults", version=f"1.0.{release}", release=release, manifest=text
            )
        )
        return path

    return make


def put(edge: Edge, machine: Path, secret: str) -> None:
    assert edge("secret", "faults", secret, "--from", machine / "value").status == 0


def waiting() -> bool:
    return Path(f"{store.root()}/calls/faults.waiting").exists()


def test_a_new_plugin_waits_for_the_secret_of_its_check(edge: Edge, machine: Path, packed: Packed) -> None:
    ran = edge("install", packed(1, "token"), "--yes", "--json")
    assert (ran.status, ran.document["enabled"]) == (0, False)
    assert ran.document["needs"] == ["edge secret faults token"]
    ran = edge("enable", "faults", "--json")
    assert (ran.status, ran.document["error"]["kind"]) == (1, "NotConfigured")
    assert "edge secret faults token" in ran.document["error"]["remedy"]
    put(edge, machine, "token")
    # What was agreed to when it was installed is not asked again.
    assert edge("enable", "faults").status == 0
    assert edge("call", "faults", '{"do": "nothing"}').status == 0


def test_consent_to_what_is_installed_already_says_what_its_check_needs(
    edge: Edge, machine: Path, packed: Packed
) -> None:
    path = packed(1, "token")
    assert edge("install", path).status == 0
    ran = edge("install", path, "--yes", "--json")
    assert (ran.status, ran.document["enabled"]) == (0, False)
    assert ran.document["needs"] == ["edge secret faults token"]
    put(edge, machine, "token")
    ran = edge("install", path, "--yes", "--json")
    assert (ran.document["change"], ran.document["enabled"]) == ("enabled", True)


def test_an_upgrade_that_wants_another_secret_is_told_what_to_set_and_then_arrives(
    edge: Edge, machine: Path, packed: Packed
) -> None:
    edge("install", packed(1, "token"), "--yes")
    put(edge, machine, "token")
    edge("enable", "faults")
    ran = edge("install", packed(2, "key"), "--yes", "--json")
    assert (ran.status, ran.document["error"]["kind"]) == (1, "NotConfigured")
    assert "edge secret faults key" in ran.document["error"]["remedy"]
    assert edge("show", "faults", "--json").document["release"] == 1
    assert edge("secret", "faults", "--json").document["secrets"] == {"token": True, "key": False}
    put(edge, machine, "key")
    assert edge("call", "faults", '{"do": "nothing"}').status == 0
    assert edge("install", packed(2, "key"), "--yes").status == 0
    assert edge("show", "faults", "--json").document["release"] == 2
    assert not waiting()


def test_a_required_setting_is_what_a_check_wants_too(edge: Edge, packed: Packed) -> None:
    path = packed(1, "token", required='required = ["city"]\n')
    assert edge("install", path, "--yes", "--json").document["needs"] == [
        "edge secret faults token",
        "edge config faults city=VALUE",
    ]


def test_a_release_that_waits_goes_with_its_plugin(edge: Edge, machine: Path, packed: Packed) -> None:
    edge("install", packed(1, "token"), "--yes")
    put(edge, machine, "token")
    edge("enable", "faults")
    edge("install", packed(2, "key"), "--yes")
    assert waiting()
    assert edge("remove", "faults").status == 0
    assert not waiting()


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"[]", b'{"format": 2}'])
def test_what_waits_and_is_damaged_stands_in_nobodys_way(
    edge: Edge, machine: Path, packed: Packed, damage: bytes
) -> None:
    edge("install", packed(1, "token"), "--yes")
    put(edge, machine, "token")
    path = Path(f"{store.root()}/calls/faults.waiting")
    path.write_bytes(damage)
    path.chmod(0o600)
    assert edge("secret", "faults", "--json").document["secrets"] == {"token": True}
    assert edge("config", "faults", "city=Bonn").status == 0


def test_pack_skips_a_check_that_needs_secrets_and_says_so_or_takes_them(
    edge: Edge, machine: Path, wasm: Callable[[str], Path]
) -> None:
    changes = {
        "permissions": ["config_read"],
        "config_schema": {"properties": {"token": {"type": "string", "x-secret": True}}},
        "edge": {"check": {"arguments": '{"do": "need-secret", "text": "token"}'}},
    }
    folder = packing.folder(machine / "faults", "faults", wasm("faults"), changes)
    words = ("pack", folder, "--target", "x86_64-linux", "-o", machine / "a.edge")
    ran = edge(*words)
    assert ran.status == 0
    assert "self-check skipped: it needs config_read" in ran.err
    ran = edge(*words, "--secret", f"token={machine}/value")
    assert (ran.status, "skipped" in ran.err) == (0, False)
    ran = edge(*words, "--secret", f"other={machine}/value")
    assert ran.status == 1
    assert "does not pass its own check" in ran.err
    assert "s3cret" not in ran.err + (machine / "a.edge").read_bytes().decode("latin-1")


ECHO = '{"do": "arguments"}'
SETTINGS = """
[config_schema]
{rules}
properties = {{ {properties} }}
[edge.check]
arguments = '{{"do": "{check}"}}'
"""


def given(edge: Edge) -> Any:
    """The configuration that a call gets."""
    ran = edge("call", "faults", ECHO)
    assert ran.status == 0, ran.err
    return json.loads(ran.out).get("__config")


@pytest.fixture
def release(wasm: Callable[[str], Path], tmp_path: Path) -> Packed:
    """A package whose schema has these properties, all required."""

    def make(number: int, *properties: str, rules: str = "", check: str = "nothing") -> Path:
        listed = ", ".join(f"{name} = {{ type = 'string' }}" for name in properties)
        required = f"required = {list(properties)}\n" if check != "nothing" else ""
        manifest = 'permissions = ["config_read"]\n' + SETTINGS.format(
            rules=rules + "\n" + required, properties=listed, check=check
        )
        path = tmp_path / f"r{number}.edge"
        path.write_bytes(packages.package(wasm("faults"), name="faults", release=number, manifest=manifest))
        return path

    return make


@pytest.mark.parametrize("rules", ["", "additionalProperties = false"])
def test_a_setting_of_a_release_that_waits_does_not_reach_the_one_that_runs(
    edge: Edge, release: Packed, rules: str
) -> None:
    assert edge("install", release(1, "city", rules=rules), "--yes").status == 0
    edge("config", "faults", "city=Bern")
    assert given(edge) == {"city": "Bern"}
    later = release(2, "city", "place", rules=rules, check="trap")
    assert edge("install", later, "--yes", "--json").document["error"]["kind"] == "NotConfigured"
    ran = edge("config", "faults", "place=here")
    assert (ran.status, "place is a setting of another release" in ran.err) == (0, True)
    assert given(edge) == {"city": "Bern"}
    # What arrives instead gets what it declares.
    assert edge("install", release(3, "city", "place", rules=rules), "--yes").status == 0
    assert given(edge) == {"city": "Bern", "place": "here"}
    edge("rollback", "faults")
    assert given(edge) == ({"city": "Bern"} if rules else {"city": "Bern", "place": "here"})


def test_terms_from_before_a_release_waits_are_worked_out_anew(edge: Edge, release: Packed) -> None:
    edge("install", release(1, "city"), "--yes")
    edge("config", "faults", "city=Bern")
    before = Path(store.call_plan_path("faults")).read_bytes()
    edge("install", release(2, "city", "place", check="trap"), "--yes")
    edge("config", "faults", "place=here")
    # As a process leaves them that worked them out before and writes them down last.
    Path(store.call_plan_path("faults")).write_bytes(before)
    assert given(edge) == {"city": "Bern"}
