from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge import audit, errors
from edge.manifest import Manifest
from edge.store import config
from tests.support import home

SCHEMA = {
    "type": "object",
    "required": ["city", "token"],
    "additionalProperties": False,
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "token": {"type": "string", "x-secret": True},
    },
}
MANIFEST = Manifest(fields={"name": "weather"}, secrets=["token"], config_schema=json.dumps(SCHEMA))


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home.move(monkeypatch, tmp_path)
    home.pretend("weather")
    return tmp_path / "data" / "edge"


def test_what_is_set_is_what_a_call_passes_on() -> None:
    assert config.read("weather") == b""
    config.change(MANIFEST, {"city": "Köln", "days": 3})
    assert json.loads(config.read("weather")) == {"city": "Köln", "days": 3} == config.values("weather")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"days": 0}, "/days"),
        ({"days": "3"}, "/days"),
        ({"days": 2.5}, "/days"),
        ({"city": "K"}, "/city"),
        ({"town": "K"}, "/town"),
    ],
)
def test_what_the_schema_does_not_allow_changes_nothing(changes: dict[str, Any], reason: str) -> None:
    config.change(MANIFEST, {"city": "Bonn"})
    with pytest.raises(errors.ConfigError, match=reason):
        config.change(MANIFEST, {"city": "Köln", **changes})
    assert config.values("weather") == {"city": "Bonn"}


def test_secrets_are_no_part_of_it(data: Path) -> None:
    for changes, removed in (({"token": "canary"}, []), ({}, ["token"])):
        with pytest.raises(errors.ConfigError, match="is a secret") as caught:
            config.change(MANIFEST, changes, removed)
        assert "canary" not in str(caught.value)
    assert not (data / "config").exists()
    assert list(config.properties(MANIFEST)) == ["city", "days"]


def test_values_are_removed() -> None:
    config.change(MANIFEST, {"city": "Bonn", "days": 2})
    assert config.change(MANIFEST, {}, ["days"]) == {"city": "Bonn"}
    assert config.read("weather")


def test_what_is_required_may_come_bit_by_bit() -> None:
    config.change(MANIFEST, {"days": 2})
    assert config.missing(MANIFEST, []) == ["city", "token"]
    config.change(MANIFEST, {"city": "Bonn"})
    assert config.missing(MANIFEST, ["token"]) == []


def test_the_audit_has_names_and_no_values() -> None:
    config.change(MANIFEST, {"city": "canary"})
    entry = list(audit.entries("weather"))[-1]
    assert (entry["event"], entry["changed"]) == ("config", ["city"])
    assert "canary" not in str(entry)


def test_only_its_owner_reads_it(data: Path) -> None:
    config.change(MANIFEST, {"city": "Bonn"})
    assert (data / "config" / "weather.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["[1]", "{", "7", '{"city": "\xff"'])
def test_a_file_that_holds_no_object_is_told(data: Path, text: str) -> None:
    config.change(MANIFEST, {"city": "Bonn"})
    (data / "config" / "weather.json").write_text(text)
    with pytest.raises(errors.StoreDamaged, match="weather.json"):
        config.change(MANIFEST, {"days": 2})
    assert (data / "config" / "weather.json").read_text() == text


def test_a_schema_that_is_none_is_told() -> None:
    broken = Manifest(fields={"name": "weather"}, config_schema='{"properties": {"a": {"minimum": "1"}}}')
    with pytest.raises(errors.BadManifest, match="/properties/a/minimum"):
        config.change(broken, {"a": 2})


def test_more_than_a_call_should_carry_is_refused() -> None:
    with pytest.raises(errors.ConfigError, match="256 kB"):
        config.change(MANIFEST, {"city": "x" * 300_000})
    assert config.read("weather") == b""


def test_names_that_the_schema_passes_over() -> None:
    loose = Manifest(fields={"name": "loose"}, config_schema='{"properties": {"a": {}}}')
    assert config.unknown(loose, ["a", "b"]) == ["b"]
    assert config.unknown(MANIFEST, ["city"]) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_full_disk_leaves_what_was_set(data: Path) -> None:
    folder = data / "config"
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], check=True)
    try:
        config.change(MANIFEST, {"city": "Bonn"})
        before = len(list(audit.entries()))
        with pytest.raises(errors.DiskFull):
            config.change(MANIFEST, {"city": "Köln"})
        assert config.values("weather") == {"city": "Bonn"}
        assert os.listdir(folder) == ["weather.json"]
        assert len(list(audit.entries())) == before
    finally:
        subprocess.run(["umount", folder], check=True)


def test_who_sets_at_the_same_time_loses_nothing() -> None:
    home.pretend("loose")
    program = (
        "import sys; from edge.store import config; from edge.manifest import Manifest\n"
        "manifest = Manifest(fields={'name': 'loose'}, config_schema='{}')\n"
        "for number in range(5): config.change(manifest, {f'{sys.argv[1]}-{number}': number})"
    )
    root = Path(__file__).resolve().parent.parent.parent
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(which)], cwd=root, env=dict(os.environ))
        for which in range(4)
    ]
    assert [process.wait() for process in started] == [0] * 4
    assert len(config.values("loose")) == 20


def test_without_a_schema_there_is_nothing_to_set() -> None:
    with pytest.raises(errors.ConfigError):
        config.change(Manifest(fields={"name": "weather"}), {"a": 1})
