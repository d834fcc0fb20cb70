from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

import edge
from edge import errors, store
from edge.policy import change
from edge.policy import file as policy_file
from edge.store import lifecycle

Put = Callable[..., Any]
RISK = '[[edge.tools]]\nname = "faults"\nrisk = "low"\n'


def test_a_plugin_is_shown_with_its_release_state_tools_and_manifest(put: Put) -> None:
    put(1)
    put(2, version="1.1.0")
    (plugin,) = edge.installed.list()
    assert (plugin.name, plugin.version, plugin.release, plugin.state) == ("faults", "1.1.0", 2, "enabled")
    assert (plugin.problem, plugin.enabled, plugin.previous, plugin.remote) == ("", True, True, False)
    (tool,) = plugin.tools
    assert (tool["name"], tool["description"], tool["risk"]) == ("faults", "Misbehaves.", "high")
    assert plugin.manifest.version == "1.1.0"


def test_what_changes_later_is_not_seen(put: Put) -> None:
    put()
    plugin = edge.installed.get("faults")
    lifecycle.remove("faults")
    assert (plugin.state, plugin.manifest.name) == ("enabled", "faults")
    assert edge.installed.list() == []


def test_of_a_damaged_plugin_all_is_listed_but_what_can_not_be_read(put: Put, empty: Path) -> None:
    current = put().record.current
    put(name="other")
    (empty.parent.parent / store.release_path(current) / store.HEAD).write_bytes(b"")
    damaged, other = edge.installed.list()
    assert (damaged.name, damaged.state, damaged.version, damaged.tools) == ("faults", "damaged", "", ())
    assert damaged.problem
    assert other.state == "enabled"
    assert edge.installed.get("faults").problem == damaged.problem


def test_a_manifest_that_is_gone_is_damage_where_it_is_asked_for(put: Put) -> None:
    (Path(store.release_path(put().record.current)) / store.COMPILED).unlink()
    plugin = edge.installed.get("faults")
    assert plugin.state == "damaged"
    with pytest.raises(errors.StoreDamaged):
        _ = plugin.manifest


def test_a_plugin_that_is_not_there_may_have_been_meant_otherwise(put: Put) -> None:
    put()
    with pytest.raises(errors.NotInstalled) as found:
        edge.installed.get("fautls")
    assert found.value.remedy == "Did you mean faults?"


def test_where_the_policy_means_nothing_the_state_is_unknown(put: Put) -> None:
    put()
    change.set_unattended("medium")
    Path(policy_file.default_path()).write_text("none")
    (plugin,) = edge.installed.list()
    assert (plugin.state, "policy.json" in plugin.problem) == ("unknown", True)
