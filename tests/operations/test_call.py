"""Calls of installed plugins from Python: the same as `edge call`, which has a shorter way to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

import edge
from edge import audit, errors, store
from edge.cli import main
from edge.operations import settings
from edge.plugin_log.reading import Following
from edge.policy import change
from edge.store import lifecycle
from edge.trust import edit, key_file

Put = Callable[..., Any]
SECRET = """permissions = ["config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
"""
NOTHING = {"do": "nothing"}


@pytest.fixture(autouse=True)
def _counters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Counters are kept where memory is behind, and calls of other tests count there."""
    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield


def test_a_call_answers_and_what_it_logged_is_kept(put: Put) -> None:
    put()
    result = edge.installed.call("faults", {"do": "log-flood", "count": 2})
    assert (result.success, result.stats.fuel > 0) == (True, True)
    assert len(Following("faults").more()) == 2


def test_who_takes_what_it_logs_keeps_it(put: Put) -> None:
    put()
    taken: list[str] = []
    edge.installed.call(
        "faults", '{"do": "log-flood", "count": 2}', log=lambda _plugin, level, _event: taken.append(level)
    )
    assert (taken, Following("faults").more()) == (["info", "info"], [])


def test_a_loaded_plugin_is_called_again_and_again_with_what_is_set_by_then(put: Put) -> None:
    put(manifest=SECRET)
    loaded = edge.installed.load("faults")
    assert [tool["name"] for tool in loaded.tools] == ["faults"]
    settings.set_secret("faults", "token", "one")
    assert loaded.call({"do": "secret", "text": "token"}, tool="faults").output == 'Ok("one")'
    lifecycle.remove("faults")
    assert loaded.call(NOTHING).success


@pytest.mark.parametrize(
    ("before", "error"),
    [
        (lambda: None, errors.NotInstalled),
        (lambda: lifecycle.disable("faults"), errors.NotEnabled),
        (lambda: edit.revoke("ed25519", (key_file.local_public() or b"").hex(), ""), errors.Revoked),
    ],
)
def test_what_is_not_loaded_is_not_called(
    put: Put, before: Callable[[], object], error: type[errors.EdgeError]
) -> None:
    put(name="other" if error is errors.NotInstalled else "faults")
    before()
    for act in (lambda: edge.installed.load("faults"), lambda: edge.installed.call("faults", NOTHING)):
        with pytest.raises(error):
            act()


def test_a_tool_of_high_risk_is_not_called_unattended(put: Put) -> None:
    put()
    with pytest.raises(errors.Denied, match="the risk of faults is high"):
        edge.installed.call("faults", NOTHING, unattended=True)
    change.set_unattended("high")
    assert edge.installed.call("faults", NOTHING, unattended=True).success


def test_calls_a_minute_are_counted_together_with_those_of_the_command_line(put: Put) -> None:
    put(manifest="[edge.limits]\ncalls_per_minute = 3\n")
    loaded = edge.installed.load("faults")
    assert loaded.call(NOTHING).success
    assert main(["call", "faults", json.dumps(NOTHING)]) == 0
    assert edge.installed.call("faults", NOTHING).success
    with pytest.raises(errors.RateExceeded):
        loaded.call(NOTHING)


def test_an_error_over_a_limit_has_the_remedy_of_the_plugin(put: Put) -> None:
    put(manifest="[edge.limits]\nfuel = 1000000\n")
    with pytest.raises(errors.OutOfFuel) as found:
        edge.installed.call("faults", {"do": "spin"})
    assert "edge policy grant faults limits fuel" in found.value.remedy


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_no_time_is_refused(put: Put, timeout: float) -> None:
    put()
    with pytest.raises(errors.OptionsError):
        edge.installed.call("faults", NOTHING, timeout=timeout)


def test_a_timeout_gives_no_more_than_the_limits(put: Put) -> None:
    put(manifest="[edge.limits]\ndeadline = 5\n")
    with pytest.raises(errors.DeadlineExceeded) as found:
        edge.installed.call("faults", {"do": "spin"}, timeout=0.05)
    assert found.value.remedy == "Without --timeout the limit is 5 s"


@pytest.mark.parametrize("text", ["", "none"])
def test_a_configuration_that_is_none_is_said_to_be(put: Put, text: str) -> None:
    put(manifest=SECRET)
    path = Path(store.config_path("faults"))
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(errors.StoreDamaged, match="is not a valid configuration"):
        edge.installed.call("faults", NOTHING)


def test_what_is_denied_is_audited(put: Put) -> None:
    put()
    edge.installed.call("faults", {"do": "secret", "text": "token"})
    assert [entry["event"] for entry in audit.entries("faults")][-1] == "denied"
