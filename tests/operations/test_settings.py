from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors, store
from edge.operations import settings
from edge.store import secrets

Put = Callable[..., Any]
MANIFEST = """permissions = ["config_read"]
[config_schema.properties.days]
type = "integer"
"$dynamicRef" = "#/properties/days"
[config_schema.properties.token]
type = "string"
minLength = 8
x-secret = true
"""


@pytest.fixture
def plugin(put: Put) -> str:
    put(manifest=MANIFEST)
    return "faults"


def test_a_change_answers_what_no_rule_of_the_schema_was_checked_for(plugin: str) -> None:
    done = settings.change(plugin, {"more": 1})
    assert done.names == ("more",)
    assert any("$dynamicRef" in rule for rule in done.rules)
    assert settings.change(plugin, {}, ["more"]).rules == ()


def test_no_value_that_the_schema_refuses_becomes_a_secret(plugin: str) -> None:
    with pytest.raises(errors.ConfigError) as found:
        settings.set_secret(plugin, "token", "short")
    assert "short" not in found.value.message.replace("shorter", "")
    assert settings.secrets(plugin) == {"token": False}


def test_who_sets_a_secret_where_others_were_damaged_is_told(plugin: str) -> None:

    assert settings.set_secret(plugin, "token", "long enough") is None
    Path(store.secrets_path(plugin)).write_text("none")
    damage = settings.set_secret(plugin, "token", "long enough")
    assert isinstance(damage, errors.StoreDamaged)
    assert secrets.damage_of(plugin) is None


def test_a_reset_with_changes_that_are_refused_keeps_everything(plugin: str) -> None:
    settings.change(plugin, {"days": 3})
    before = Path(store.config_path(plugin)).read_bytes()
    with pytest.raises(errors.ConfigError):
        settings.change(plugin, {"days": "many"}, reset=True)
    assert Path(store.config_path(plugin)).read_bytes() == before


def test_a_reset_drops_what_the_changes_do_not_set(plugin: str) -> None:
    settings.change(plugin, {"days": 3})
    settings.change(plugin, {"city": "Bonn"}, reset=True)
    assert settings.describe(plugin)["values"] == {"city": "Bonn"}
