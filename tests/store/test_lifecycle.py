from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import audit, errors, store
from edge.files import staged
from edge.policy import change
from edge.policy import file as policy_file
from edge.store import config, lifecycle, records, removal, secrets
from edge.store.install import Outcome
from edge.store.installed import Installed
from edge.store.lock import locked
from tests.store.running import load
from tests.store.snapshot import contents

Put = Callable[..., Outcome]

HTTP = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["example.org"]\n'
CHECK = "[edge.check]\narguments = '{}'\n"


def events() -> list[str]:
    return [entry["event"] for entry in audit.entries("faults")]


def test_a_rollback_swaps_the_two_releases(put: Put) -> None:
    first, second = put(1).record, put(2).record
    back = lifecycle.rollback("faults")
    assert (back.current, back.previous, back.floor) == (first.current, second.current, 2)
    assert load("faults").plan.release == first.current
    forth = lifecycle.rollback("faults")
    assert (forth.current, forth.previous) == (second.current, first.current)
    assert events() == ["install", "upgrade", "rollback", "rollback"]


def test_a_release_that_comes_back_came_from_where_it_came(put: Put) -> None:
    put(1, remote=True)
    lifecycle.enable("faults", consent=lambda _: True)
    second = put(2).record
    back = lifecycle.rollback("faults")
    assert (back.remote, back.previous_source) == (True, (second.origin, False))
    assert put(3).record.previous_source == (back.origin, True)


def test_without_another_release_there_is_no_rollback(put: Put) -> None:
    put(1)
    with pytest.raises(errors.StateError, match="no previous release"):
        lifecycle.rollback("faults")


@pytest.mark.parametrize("part", [store.HEAD, store.CODE, store.MANIFEST])
def test_a_damaged_release_is_not_gone_back_to(put: Put, part: str) -> None:
    first = put(1).record
    second = put(2).record
    path = Path(store.release_path(first.current)) / part
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(errors.StoreDamaged, match="cannot go back"):
        lifecycle.rollback("faults")
    assert records.get("faults") == second
    assert load("faults").plan.release == second.current


def test_what_was_agreed_to_comes_back_with_its_release(put: Put) -> None:
    put(1, manifest=HTTP)
    put(2)
    assert not load("faults").plan.granted(None).permits("http_client", "example.org", "443")
    lifecycle.rollback("faults")
    assert load("faults").plan.granted(None).permits("http_client", "example.org", "443")


def test_disable_and_enable(put: Put) -> None:
    put()
    assert not lifecycle.disable("faults").enabled
    assert not lifecycle.disable("faults").enabled
    assert lifecycle.enable("faults").enabled
    assert lifecycle.enable("faults").enabled
    assert events() == ["install", "disable", "enable"]


@pytest.mark.parametrize(
    "act", [lifecycle.disable, lifecycle.enable, lifecycle.take_back, "install", "unset"]
)
def test_what_is_as_it_should_be_already_is_made_to_last(
    put: Put, act: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    if act is lifecycle.disable:
        act("faults")
    synced: list[str] = []
    monkeypatch.setattr(staged, "make_durable", synced.append)
    if act == "install":
        assert put(1).change == "nothing"
    elif act == "unset":
        assert not secrets.unset_secret("faults", "token")
    else:
        act("faults")
    path = store.record_path("faults")
    assert synced == [path if act != "unset" else path.replace("store/plugins", "secrets")]


def test_what_is_removed_while_its_consents_are_taken_back_stays_removed(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1, manifest=HTTP)
    monkeypatch.setattr("edge.store.lifecycle.locked", removing())
    assert lifecycle.take_back("faults") == 0
    assert store.find("faults") is None


def removing() -> Callable[[], locked]:
    """The lock, but another removes the plugin before it is had the first time."""
    names = ["faults"]

    def taken() -> locked:
        if names:
            lifecycle.remove(names.pop(), forget=True)
        return locked()

    return taken


def test_enabling_asks_for_what_nobody_agreed_to(put: Put) -> None:
    put(manifest=HTTP, agrees=None)
    with pytest.raises(errors.NeedsConsent, match="need consent"):
        lifecycle.enable("faults", consent=lambda _: False)
    now = lifecycle.enable("faults", consent=lambda _: True)
    assert (now.enabled, now.consents) == (True, (("http_client", "example.org"),))


def test_what_was_agreed_to_once_is_not_asked_again(put: Put) -> None:
    put(manifest=HTTP)
    lifecycle.disable("faults")
    assert lifecycle.enable("faults").consents == (("http_client", "example.org"),)


def test_what_does_not_pass_its_check_is_not_enabled(put: Put) -> None:
    put(manifest=HTTP + CHECK.format('{"do": "trap"}'), agrees=None)
    with pytest.raises(errors.CheckFailed):
        lifecycle.enable("faults", consent=lambda _: True)
    assert not records.get("faults").enabled


def test_a_removal_leaves_the_floor_and_nothing_else(put: Put) -> None:
    put(1)
    put(2)
    change.grant("faults", ("http_client", "example.org"))
    lifecycle.remove("faults")
    assert "faults" not in policy_file.load().plugins
    left = contents(Path(store.root()))
    assert [name for name, data in left.items() if data] == ["plugins/faults.json"]
    found = store.find("faults")
    assert found
    assert (found.floor, found.current) == (2, "")
    with pytest.raises(errors.NotInstalled):
        lifecycle.remove("faults")
    lifecycle.remove("faults", forget=True)
    assert store.find("faults") is None


def test_what_somebody_sets_while_a_plugin_is_removed_is_not_kept_for_the_next(put: Put) -> None:
    put(1, manifest='[config_schema.properties.place]\ntype = "string"\n')
    manifest = Installed("faults").manifest
    lifecycle.remove("faults")
    with pytest.raises(errors.NotInstalled):
        config.change(manifest, {"place": "here"})
    with pytest.raises(errors.NotInstalled):
        secrets.set_secret("faults", "token", "secret")
    assert (config.values("faults"), secrets.names("faults")) == ({}, [])


@pytest.mark.parametrize("forget", [False, True])
def test_a_removal_that_was_interrupted_is_finished_by_whoever_comes_next(put: Put, forget: bool) -> None:
    put(1)
    change.grant("faults", ("http_client", "example.org"))
    secrets.set_secret("faults", "token", "secret")
    newest = records.get("faults").current
    removal.begin(records.get("faults"), forget=forget)
    with pytest.raises(errors.NotInstalled):
        load("faults")
    put(name="other")
    assert "faults" not in policy_file.load().plugins
    assert secrets.names("faults") == []
    found = store.find("faults")
    left = store.Record("faults", floor=1, newest=newest, newest_version="1.0.0")
    assert found == (None if forget else left)
    assert os.listdir(f"{store.root()}/releases") == [records.get("other").current]


def test_what_keeps_a_removal_from_its_end_stops_only_that_plugin(put: Put, empty: Path) -> None:
    put(1)
    put(name="other")
    secrets.set_secret("faults", "token", "secret")
    removal.begin(records.get("faults"), forget=False)
    folder = empty / "config" / "faults.json"
    folder.mkdir(parents=True)
    lifecycle.disable("other")
    with pytest.raises(errors.EdgeError, match=r"faults\.json"):
        put(2)
    with pytest.raises(errors.EdgeError, match=r"faults\.json"):
        lifecycle.remove("faults")
    folder.rmdir()
    lifecycle.disable("other")
    assert secrets.names("faults") == []
    put(2)


def test_a_damaged_record_keeps_its_releases_until_it_is_forgotten(put: Put) -> None:
    release = put().record.current
    path = Path(store.record_path("faults"))
    path.write_bytes(b"?")
    put(name="other")
    assert Path(store.release_path(release)).exists()
    with pytest.raises(errors.StoreDamaged):
        lifecycle.remove("faults")
    lifecycle.remove("faults", forget=True)
    assert not Path(store.release_path(release)).exists()
    assert records.named() == ["other"]


@pytest.mark.parametrize("text", [b"", b"{}", None])
def test_reload_checks_what_grants_are_made_of(put: Put, text: bytes | None) -> None:
    put(manifest="[edge.limits]\nmemory = 2097152\n")
    path = Path(store.release_path(records.get("faults").current)) / store.COMPILED
    path.write_bytes(path.read_bytes().replace(b"2097152", b"9999999") if text is None else text)
    with pytest.raises(errors.StoreDamaged, match=r"manifest\.json"):
        lifecycle.reload("faults")
    assert put(manifest="[edge.limits]\nmemory = 2097152\n").change == "upgraded"


def test_at_level_paranoid_only_the_operators_keys_enable(put: Put) -> None:
    put()
    lifecycle.disable("faults")
    change.set_level("paranoid")
    with pytest.raises(errors.Untrusted):
        lifecycle.enable("faults")
    assert not records.get("faults").enabled


def test_reload_and_rollback_ask_the_trust_that_a_call_asks(put: Put) -> None:
    put(1)
    put(2)
    change.set_level("strict")
    for act in (lifecycle.reload, lifecycle.rollback):
        with pytest.raises(errors.Untrusted, match="the operator did not add") as caught:
            act("faults")
        assert "edge key trust" in caught.value.remedy


def test_reload_checks_every_byte(put: Put) -> None:
    put()
    assert lifecycle.reload("faults") == records.get("faults")
    path = Path(store.release_path(records.get("faults").current)) / store.MANIFEST
    path.write_bytes(path.read_bytes() + b"#")
    with pytest.raises(errors.StoreDamaged, match=r"manifest\.toml"):
        lifecycle.reload("faults")


@pytest.mark.parametrize("act", [lifecycle.enable, lifecycle.disable, lifecycle.rollback, lifecycle.reload])
def test_what_is_not_installed(act: Callable[[str], object]) -> None:
    with pytest.raises(errors.NotInstalled, match="`faults`"):
        act("faults")
