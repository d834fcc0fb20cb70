from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

import edge
from edge import errors
from edge.policy import change
from edge.store import lifecycle, records
from tests.store.test_consent import SECRET, TOKEN

Packed = Callable[..., Path]
Put = Callable[..., Any]
Request = edge.installed.Request


def agree(_: Request) -> bool:
    return True


def test_what_asks_for_nothing_is_installed_and_enabled_in_one_call(packed: Packed) -> None:
    outcome = edge.installed.install(str(packed()))
    assert (outcome.change, outcome.version, outcome.misfit) == ("installed", "1.0.0", None)
    assert edge.installed.get("faults").state == "enabled"


def test_who_is_asked_sees_the_request_and_without_a_yes_it_waits(packed: Packed) -> None:
    asked: list[Request] = []

    def no(request: Request) -> bool:
        asked.append(request)
        return False

    outcome = edge.installed.install(str(packed(manifest=TOKEN)), consent=no)
    assert [request.missing for request in asked] == [(SECRET,)]
    assert (outcome.record.enabled, edge.installed.get("faults").state) == (False, "disabled")
    assert edge.installed.enable("faults", consent=agree).state == "enabled"


def test_an_installation_is_planned_and_then_committed(packed: Packed) -> None:
    path = packed(manifest=TOKEN)
    with edge.installed.plan_install(str(path)) as planned:
        assert planned.request is not None
        assert (planned.request.missing, edge.installed.list()) == ((SECRET,), [])
        outcome = planned.commit(agreed=True)
    assert outcome is not None
    assert (outcome.change, outcome.record.enabled) == ("installed", True)


@pytest.mark.parametrize(("level", "refused"), [("default", set()), ("strict", {SECRET})])
def test_a_request_says_what_of_it_the_level_does_not_give(
    packed: Packed, level: str, refused: set[tuple[str, ...]]
) -> None:
    edge.installed.install(str(packed(manifest=TOKEN)))
    change.set_level(level, "faults")
    with edge.installed.plan_enable("faults") as planned:
        assert planned.request is not None
        assert planned.request.refused() == refused


def test_a_plan_has_the_same_stamp_until_something_changes_and_is_not_made_then(packed: Packed) -> None:
    edge.installed.install(str(packed(manifest=TOKEN)))
    with edge.installed.plan_enable("faults") as planned, edge.installed.plan_enable("faults") as again:
        assert planned.stamp == again.stamp
        change.set_level("relaxed", "faults")
        first = planned.stamp
        assert planned.commit(agreed=True) is None
        assert (edge.installed.get("faults").state, planned.request) == ("disabled", None)
        assert planned.stamp != first
        plugin = planned.commit()
    assert plugin is not None
    assert plugin.state == "enabled"


def test_a_commit_without_a_yes_is_refused_where_one_is_needed(packed: Packed) -> None:
    edge.installed.install(str(packed(manifest=TOKEN)))
    with edge.installed.plan_enable("faults") as planned, pytest.raises(errors.NeedsConsent):
        planned.commit()
    assert not records.get("faults").enabled


def test_a_plan_of_what_is_no_package_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "a.edge").write_bytes(b"nothing")
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(errors.NotPackage):
        edge.installed.plan_install(str(tmp_path / "a.edge"))
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_plugin_is_disabled_goes_back_is_reloaded_and_removed(put: Put) -> None:
    put(1)
    put(2, version="1.1.0")
    assert edge.installed.disable("faults").state == "disabled"
    back = edge.installed.rollback("faults")
    assert (back.version, back.previous) == ("1.0.0", True)
    assert edge.installed.reload("faults").version == "1.0.0"
    assert edge.installed.remove("faults") is True
    with pytest.raises(errors.NotInstalled):
        edge.installed.remove("faults")
    assert edge.installed.remove("faults", forget=True) is False


def test_there_is_nothing_to_go_back_to(put: Put) -> None:
    put()
    with pytest.raises(errors.StateError, match="no previous release"):
        edge.installed.rollback("faults")


CONFIGURED = """permissions = ["config_read"]
[config_schema]
required = ["token"]
[config_schema.properties.days]
type = "integer"
[config_schema.properties.token]
type = "string"
minLength = 8
x-secret = true
"""


@pytest.fixture
def configured(put: Put) -> str:
    put(manifest=CONFIGURED)
    return "faults"


def test_settings_are_set_and_removed_all_or_none(configured: str) -> None:
    edge.installed.configure(configured, {"days": 3})
    with pytest.raises(errors.ConfigError):
        edge.installed.configure(configured, {"days": "three", "more": 1})
    assert edge.installed.settings(configured)["values"] == {"days": 3}
    done = edge.installed.configure(configured, {"more": [1, True, None, {"a": "ü"}]}, unset=["days"])
    assert done.names == ("more",)
    assert edge.installed.settings(configured)["values"] == {"more": [1, True, None, {"a": "ü"}]}
    edge.installed.configure(configured, {}, reset=True)
    assert edge.installed.settings(configured)["values"] == {}


@pytest.mark.parametrize("value", [{1}, float("nan"), 1 << 80, b"x", "\ud800"])
def test_what_is_no_json_is_not_set(configured: str, value: object) -> None:
    with pytest.raises(errors.ArgumentsError):
        edge.installed.configure(configured, {"more": value})
    assert edge.installed.settings(configured)["values"] == {}


def test_a_secret_is_set_as_its_schema_wants_it_and_never_shown(configured: str) -> None:
    with pytest.raises(errors.ConfigError) as found:
        edge.installed.set_secret(configured, "token", "s3cret")
    assert "s3cret" not in f"{found.value.message}{found.value.remedy}"
    assert edge.installed.set_secret(configured, "token", "s3cret-token") is None
    facts = edge.installed.settings(configured)
    assert (facts["secrets"], facts["missing"], "s3cret" in repr(facts)) == ({"token": True}, [], False)
    edge.installed.unset_secret(configured, "token")
    assert edge.installed.settings(configured)["missing"] == ["token"]


def test_what_is_no_secret_can_not_be_set(configured: str) -> None:
    with pytest.raises(errors.ConfigError, match="has no secret `days`"):
        edge.installed.set_secret(configured, "days", "3")


def test_what_is_not_installed_has_no_settings() -> None:
    for act in (edge.installed.settings, edge.installed.disable, lifecycle.enable):
        with pytest.raises(errors.NotInstalled):
            act("faults")
