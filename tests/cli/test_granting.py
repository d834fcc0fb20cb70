from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import audit, errors, trust
from edge.cli import granting, run
from edge.limits import PI_ZERO
from edge.policy import change
from edge.trust import key_file

Edge = Callable[..., Any]
Artifact = Callable[[str], Path]

MANIFEST = """
name = "faults"
version = "1"
wasm_path = "faults.wasm"
capabilities = ["tool"]
permissions = ["config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
[edge.limits]
host_calls = 3
"""
ASK = '{"do": "secret", "text": "token"}'
SERVED = 'Ok("s3cret")\n'


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Options for a manifest that declares a secret, and its value; policy, audit and counters of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("edge.audit.folder", lambda: str(tmp_path / "audit"))
    (tmp_path / "manifest.toml").write_text(MANIFEST)
    (tmp_path / "token").write_text("s3cret")
    # Counters are kept where memory is behind, and calls of other tests count there.
    with TemporaryDirectory(dir="/dev/shm") as run:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run)
        yield ["--manifest", tmp_path / "manifest.toml", "--secret", f"token={tmp_path}/token"]


def facts(ran: Any) -> list[Any]:
    """What was told to the audit, which has to be what stands in its log now."""
    start = "edge: audit: "
    told = [json.loads(line[len(start) :]) for line in ran.err.splitlines() if line.startswith(start)]
    kept = [entry for entry in audit.entries() if entry["event"] != "policy"]
    assert [{name: entry[name] for name in fact} for fact, entry in zip(told, kept)] == told
    assert len(kept) == len(told)
    return told


def trust_own_key(home: Path) -> None:
    public = key_file.local_public()
    assert public
    path = home / "config" / "edge" / "trusted.keys"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(trust.line(public, "own"))
    path.chmod(0o600)


def test_a_secret_that_nobody_consented_to_is_denied_and_audited(
    edge: Edge, artifact: Artifact, given: list[object]
) -> None:
    ran = edge("run", artifact("faults"), ASK, *given[:2])
    assert "access-denied" in ran.out
    (fact,) = facts(ran)
    assert (fact["event"], fact["capability"], fact["target"]) == ("denied", "config_read", "token")


def test_who_hands_it_over_consents(edge: Edge, artifact: Artifact, given: list[object]) -> None:
    ran = edge("run", artifact("faults"), ASK, *given)
    assert (ran.out, facts(ran)) == (SERVED, [])


def test_a_lower_level_is_an_act_that_is_told(edge: Edge, artifact: Artifact, given: list[object]) -> None:
    ran = edge("run", artifact("faults"), ASK, *given, "--level", "relaxed")
    assert ran.out == SERVED
    (fact,) = facts(ran)
    assert (fact["event"], fact["before"], fact["after"], fact["lowered"]) == (
        "level",
        "default",
        "relaxed",
        True,
    )


def test_how_often_it_may_be_called_comes_from_the_manifest(
    edge: Edge, artifact: Artifact, given: list[object], tmp_path: Path
) -> None:
    with (tmp_path / "manifest.toml").open("a") as file:
        file.write("calls_per_minute = 2\n")
    words = ["run", artifact("faults"), '{"do": "nothing"}', *given]
    assert [edge(*words).status for _ in range(3)] == [0, 0, 4]


def test_limits_come_from_the_manifest(edge: Edge, artifact: Artifact, given: list[object]) -> None:
    flood = '{"do": "log-flood", "count": 4}'
    assert edge("run", artifact("faults"), flood).status == 0
    ran = edge("run", artifact("faults"), flood, *given)
    assert ran.status == 0
    assert ran.err.count("[info]") == 3
    assert "more bytes were dropped" in ran.err


@pytest.mark.usefixtures("given")
def test_limits_come_from_the_level(edge: Edge, artifact: Artifact, tmp_path: Path) -> None:
    trust_own_key(tmp_path)
    found = {}
    for level in ("relaxed", "default", "strict", "paranoid"):
        ran = edge("run", artifact("faults"), '{"do": "grow", "count": 2000}', "--level", level)
        assert ran.status == 0
        found[level] = int(ran.out)
    assert found["relaxed"] > found["default"] > found["strict"] > found["paranoid"]


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("level", ["strict", "paranoid"])
def test_only_keys_that_the_operator_added_count(
    edge: Edge, artifact: Artifact, tmp_path: Path, level: str
) -> None:
    ran = edge("run", artifact("faults"), '{"do": "nothing"}', "--level", level)
    assert (ran.status, ran.out) == (3, "")
    assert "the operator did not add" in ran.err
    trust_own_key(tmp_path)
    assert edge("run", artifact("faults"), '{"do": "nothing"}', "--level", level).status == 0


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--level", "paranoid"], "the operator did not add"),
        (["--unattended"], "the risk of faults is high"),
    ],
)
def test_what_is_not_granted_is_told_before_a_wasm_is_compiled(
    edge: Edge,
    wasm: Artifact,
    compiled: list[str],
    words: list[str],
    message: str,
) -> None:
    ran = edge("run", wasm("faults"), "faults", '{"do": "nothing"}', *words)
    assert (ran.status, ran.out) == (3, "")
    assert message in ran.err
    assert compiled == []


def test_paranoid_audits_what_it_serves(
    edge: Edge, artifact: Artifact, given: list[object], tmp_path: Path
) -> None:
    trust_own_key(tmp_path)
    change.set_level("paranoid")
    change.grant("faults", ("config_read", "token"))
    ran = edge("run", artifact("faults"), ASK, *given)
    assert ran.out == SERVED
    (fact,) = facts(ran)
    assert (fact["event"], fact["target"], len(fact["arguments_sha256"])) == ("used", "token", 64)


@pytest.mark.usefixtures("given")
def test_a_tool_of_high_risk_does_not_run_unattended(edge: Edge, artifact: Artifact) -> None:
    words = ["run", artifact("faults"), '{"do": "nothing"}', "--unattended"]
    ran = edge(*words)
    assert (ran.status, ran.out) == (3, "")
    assert "the risk of faults is high" in ran.err
    assert "edge policy unattended high" in ran.err
    change.set_unattended("high")
    assert edge(*words).status == 0


def test_a_tool_of_low_risk_runs_unattended(
    edge: Edge, artifact: Artifact, given: list[object], tmp_path: Path
) -> None:
    with (tmp_path / "manifest.toml").open("a") as file:
        file.write('[[edge.tools]]\nname = "faults"\nrisk = "low"\n')
    words = ["run", artifact("faults"), "faults", '{"do": "nothing"}', "--unattended", *given]
    assert edge(*words).status == 0
    change.set_unattended("none")
    assert edge(*words).status == 3


def test_a_policy_that_means_nothing_stops_everything_that_asks_it(
    edge: Edge, artifact: Artifact, given: list[object], tmp_path: Path
) -> None:
    path = tmp_path / "config" / "edge" / "policy.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    path.chmod(0o600)
    ran = edge("run", artifact("faults"), ASK, *given)
    assert (ran.status, ran.out) == (5, "")
    assert "policy.json is not a valid policy" in ran.err


@pytest.mark.usefixtures("given")
def test_denials_with_names_of_megabytes_take_a_few_lines(capfd: pytest.CaptureFixture[str]) -> None:
    granted = granting.resolve_terms(run.COMMAND.parse(["FILE", "{}", "--level", "default"]), PI_ZERO).grants
    name = "\x1b\u202e" * 1_900_000
    granted.permits("config_read", "short")
    tracemalloc.start()
    for _ in range(30):
        assert not granted.permits("config_read", name)
        with pytest.raises(errors.Denied):
            granted.check("cli", name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(name) // 4
    said = capfd.readouterr().err
    assert said.count("\n") == granting.MAX_EVENTS + 1
    assert len(said) < (granting.MAX_EVENTS + 1) * 4096
    assert said.isascii()
