from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import audit
from edge.limits import here
from edge.policy import change
from edge.store import lifecycle
from tests.store.conftest import empty, packed, put

__all__ = ["empty", "packed", "put"]

Edge = Callable[..., Any]
Put = Callable[..., Any]

SECRET = """
permissions = ["config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
"""

ACT = "act grant, ask config_read other, wider true"
DENIED = "capability config_read, target key"


def test_an_installed_plugin_shows_what_it_may_and_what_was_done(edge: Edge, put: Put) -> None:
    put(1, manifest=SECRET)
    put(1, name="other")
    change.grant("faults", ("config_read", "other"))
    audit.append({"event": "denied", "plugin": "faults", "capability": "config_read", "target": "key"})
    ran = edge("audit", "faults")
    assert (ran.status, ran.err) == (0, "")
    (row,) = [line.split() for line in ran.out.splitlines() if line.startswith("config_read")]
    assert row[:5] == ["config_read", "zeroclaw:plugin/secrets@0.1.0", "token", "token", "yes:"]
    *_, granted, denied = ran.out.splitlines()
    assert granted.split()[2:] == ["policy:", *ACT.split()]
    assert denied.split()[0].endswith("+1")
    assert denied.split()[2:] == ["denied:", *DENIED.split()]
    assert "other" not in ran.out.replace("config_read other", "")


def test_the_same_as_data(edge: Edge, put: Put) -> None:
    put(1, manifest=SECRET)
    ran = edge("audit", "faults", "--json")
    document = ran.document
    assert (ran.status, document["ok"], document["enabled"], document["version"]) == (0, True, True, "1.0.0")
    assert [entry["event"] for entry in document["entries"]] == ["install"]
    assert {row["capability"]: row["granted"] for row in document["rows"]}["config_read"] is True
    assert edge("audit", "faults", "--level", "strict", "--json").document["refused"] == ["config_read"]


def test_what_is_imported_and_not_granted_is_the_exit_code(edge: Edge, put: Put) -> None:
    put(1)
    ran = edge("audit", "faults")
    assert ran.status == 1
    assert "imported and not granted: config_read" in ran.out


def test_a_plugin_that_no_call_loads_is_told_of(edge: Edge, put: Put) -> None:
    put(1, manifest=SECRET)
    edge("policy", "level", "strict")
    edge("policy", "grant", "faults", "config_read", "token")
    ran = edge("audit", "faults")
    assert ran.status == 1
    assert "refused, calls do not load it: " in ran.out
    document = edge("audit", "faults", "--json").document
    assert (document["ok"], document["refused"], document["state"]) == (False, [], "refused")


def test_what_was_agreed_to_is_taken_back_with_the_policy(edge: Edge, put: Put) -> None:
    put(1, manifest=SECRET)
    assert "consented to config_read token" in edge("policy").out
    assert edge("policy", "revoke", "faults", "config_read", "--json").document["removed"] == 1
    assert edge("audit", "faults").status == 1
    assert "consented" not in edge("policy").out
    assert [entry["event"] for entry in audit.entries("faults")] == ["install", "revoke"]


def test_forgetting_a_plugin_takes_back_all_that_was_agreed_to(edge: Edge, put: Put) -> None:
    put(1, manifest=SECRET)
    assert edge("policy", "forget", "faults", "--json").document["removed"] == 1
    assert edge("audit", "faults").status == 1


def test_the_newest_entries(edge: Edge, put: Put) -> None:
    put(1)
    for _ in range(3):
        lifecycle.disable("faults")
        lifecycle.enable("faults")
    found = edge("audit", "faults", "--last", "2", "--json").document["entries"]
    assert [entry["event"] for entry in found] == ["disable", "enable"]
    found = edge("audit", "--log", "--last", "1", "--json").document["entries"]
    assert [entry["event"] for entry in found] == ["enable"]


def test_the_whole_log(edge: Edge, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = edge("audit", "--log")
    assert (ran.status, ran.out, ran.err) == (0, "", "The log is empty\n")
    put(1)
    monkeypatch.setattr("edge.audit.rotating_file.time", lambda: 1_800_000_000)
    change.set_level("strict")
    monkeypatch.setattr("edge.audit.rotating_file.time", lambda: 17)
    audit.append({"event": "test", "plugin": "\x1b[31m", "text": "a\nb"})
    install, level, test = edge("audit", "--log").out.splitlines()
    assert "  install faults: " in install
    assert level.split()[:3] == ["2", "2027-01-15T08:00:00Z", "policy:"]
    assert "lowered false" in level
    assert test.split()[1] == "boot"
    assert test.endswith(r"test '\x1b[31m': text a\nb")
    assert len(edge("audit", "--log", "--json").document["entries"]) == 3


def test_people_read_versions_and_the_beginning_of_digests(edge: Edge, put: Put) -> None:
    first = put(1).record.current
    second = put(2, version="1.1.0").record.current
    install, upgrade = edge("audit", "--log").out.splitlines()
    assert (first in install, f"id {first[:16]}," in install, "before" in install) == (False, True, False)
    assert f"before version 1.0.0, enabled true, id {second[:16]}," in upgrade
    assert edge("audit", "--log", "--json").document["entries"][1]["before"] == first


def test_limits_are_shown_with_whose_they_are(edge: Edge, put: Put, packed: Callable[..., Path]) -> None:
    put(1)
    assert "limits (profile pi-64): " in edge("audit", "faults", "--profile", "pi-64").out
    assert edge("audit", "faults", "--json").document["profile"] == here().name
    assert "limits (profile pi-zero): " in edge("audit", packed(1)).out


def test_verifying(edge: Edge, put: Put, empty: Path) -> None:
    put(1)
    digest = audit.append({"event": "test"})
    ran = edge("audit", "--verify")
    assert (ran.status, ran.out) == (0, f"2 entries, 0 problems\nnewest of log: {digest}\n")
    path = empty / "audit" / "log"
    path.write_bytes(path.read_bytes().replace(b'"install"', b'"removed"'))
    ran = edge("audit", "--verify")
    assert ran.status == 1
    assert "log, line 2: entry 2 does not match entry 1" in ran.out
    document = edge("audit", "--verify", "--json").document
    assert (document["ok"], len(document["problems"]), document["newest"]) == (False, 1, {"log": digest})


def test_a_file_of_an_installed_plugins_name_has_its_path(
    edge: Edge, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    (tmp_path / "faults").write_bytes(b"no plugin")
    monkeypatch.chdir(tmp_path)
    assert edge("audit", "faults").status == 1
    assert edge("audit", "./faults").status == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "FILE or NAME missing"),
        (["absent"], "No plugin `absent` is installed, and there is no file of that name"),
        (["absent.edge"], "absent.edge: No such file or directory"),
        (["absent", "--manifest", "m"], "absent: No such file or directory"),
        (["faults", "faults"], "is only for files"),
        (["faults", "--manifest", "m"], "--manifest is only for files"),
        (["--log", "faults"], "exclude each other"),
        (["--log", "--verify"], "exclude each other"),
        (["./faults", "--last", "3"], "--last needs"),
        (["--log", "--last", "0"], "from 1 to"),
    ],
)
def test_wrong_usage(edge: Edge, put: Put, words: list[str], message: str) -> None:
    put(1)
    ran = edge("audit", *words)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_a_key_without_a_scope_is_told_as_one_for_every_plugin(edge: Edge) -> None:
    edge("key", "trust", "ab" * 32)
    assert "plugins every plugin" in edge("audit", "--log").out
    edge("key", "trust", "ab" * 32, "--plugins", "weather")
    assert "plugins weather" in edge("audit", "--log").out
