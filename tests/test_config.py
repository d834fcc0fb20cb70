from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge import audit, config, errors
from edge.manifest import Manifest
from tests import home

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
    config.forget("weather")
    config.forget("weather")
    assert config.read("weather") == b""


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


def test_without_a_schema_there_is_nothing_to_set() -> None:
    with pytest.raises(errors.ConfigError):
        config.change(Manifest(fields={"name": "plain"}), {"a": 1})
