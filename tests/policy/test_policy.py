from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import audit, errors
from edge.manifest import RISKS, Tool
from edge.policy import change as policy_change
from edge.policy import file as policy_file

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = ("http_client", "api.example.org")
WILD = ("http_client", "*.example.org")


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    monkeypatch.setattr("edge.files.environment", lambda name: found.get(name, ""))
    return tmp_path / "config" / "edge" / "policy.json"


def put(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    path.chmod(0o600)


def test_without_a_file_the_defaults_hold_and_nothing_is_granted(path: Path) -> None:
    found = policy_file.load()
    assert (found.level, found.unattended, found.path) == ("default", "low", str(path))
    assert (found.level_of("a"), found.accepted("a", "default")) == ("default", ())
    assert not path.exists()


def test_without_a_home_the_defaults_hold_and_nothing_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.files.environment", lambda _: "")
    assert policy_file.load().level == "default"
    with pytest.raises(errors.EnvironmentFault, match="XDG_CONFIG_HOME"):
        policy_change.set_level("strict")


def test_what_is_set_is_there_afterwards(path: Path) -> None:
    policy_change.set_level("strict")
    policy_change.set_level("paranoid", "a")
    policy_change.set_unattended("high")
    policy_change.consent("a", [WILD, ("channel",)])
    policy_change.grant("a", HOST)
    found = policy_file.load()
    assert (found.level, found.unattended, found.level_of("a"), found.level_of("b")) == (
        "strict",
        "high",
        "paranoid",
        "strict",
    )
    assert (found.of("a").consents, found.of("a").grants) == ((WILD, ("channel",)), (HOST,))
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(path.parent)) == ["policy.json", "policy.json.lock"]


def test_going_down_a_level_is_a_fact_that_says_so() -> None:
    assert policy_change.set_level("paranoid") == {
        "event": "policy",
        "act": "level",
        "plugin": "",
        "before": "default",
        "after": "paranoid",
        "lowered": False,
    }
    assert policy_change.set_level("strict")["lowered"] is True
    assert policy_change.set_level("relaxed", "a") == {
        "event": "policy",
        "act": "level",
        "plugin": "a",
        "before": "strict",
        "after": "relaxed",
        "lowered": True,
    }
    assert policy_change.set_level("", "a")["lowered"] is False
    policy_change.set_level("paranoid", "a")
    assert policy_change.delete("a")["lowered"] is True


def test_letting_more_run_unattended_is_a_fact_that_says_so() -> None:
    assert policy_change.set_unattended("medium")["lowered"] is True
    assert policy_change.set_unattended("none")["lowered"] is False


def test_consent_replaces_consent_and_tells_what_is_wider() -> None:
    assert policy_change.consent("a", [WILD])["wider"] == [list(WILD)]
    fact = policy_change.consent("a", [HOST, ("channel",)])
    assert fact["wider"] == [["channel"]]
    assert policy_file.load().of("a").consents == (HOST, ("channel",))


def test_grants_add_up_and_are_taken_back_with_all_they_take_in() -> None:
    assert policy_change.grant("a", HOST)["wider"] is True
    assert policy_change.grant("a", HOST)["wider"] is False
    policy_change.grant("a", ("http_client", "other.org"))
    policy_change.consent("a", [HOST])
    assert policy_file.load().of("a").grants == (HOST, ("http_client", "other.org"))
    assert policy_change.revoke("a", WILD)["removed"] == 2
    assert (policy_file.load().of("a").grants, policy_file.load().of("a").consents) == (
        (("http_client", "other.org"),),
        (),
    )


def test_every_fact_is_plain_data() -> None:
    facts = [
        policy_change.set_level("strict"),
        policy_change.set_unattended("none"),
        policy_change.consent("a", [HOST]),
        policy_change.grant("a", HOST),
        policy_change.revoke("a", HOST),
        policy_change.delete("a"),
    ]
    assert [fact["act"] for fact in json.loads(json.dumps(facts))] == [
        *["level", "unattended", "consent", "grant", "revoke", "forget"]
    ]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("relaxed", None),
        ("default", (WILD, HOST, ("config_read",), ("channel",))),
        ("strict", (HOST, ("config_read",), ("channel",))),
        ("paranoid", (HOST, ("channel",))),
    ],
)
def test_what_counts_depends_on_the_level(level: str, expected: Any) -> None:
    policy_change.consent("a", [WILD])
    for ask in (HOST, ("config_read",), ("channel",)):
        policy_change.grant("a", ask)
    assert policy_file.load().accepted("a", level) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda: policy_change.set_level("none"),
        lambda: policy_change.set_level(""),
        lambda: policy_change.set_level("strict", "A"),
        lambda: policy_change.set_unattended("all"),
        lambda: policy_change.grant("../a", HOST),
        lambda: policy_change.grant("a", ("root",)),
        lambda: policy_change.grant("a", ("delegate", "*")),
        lambda: policy_change.consent("a", [("http_client", "*.org")]),
        lambda: policy_change.revoke("a", ()),
    ],
)
def test_what_means_nothing_is_not_written(path: Path, change: Any) -> None:
    with pytest.raises(errors.OptionsError):
        change()
    assert not path.exists()


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": 1, "format": 1}',
        "[" * 100_000,
        '{"format": 1}' + " " * (1 << 20),
        {"format": 2},
        {"format": 1, "colour": 1},
        {"format": 1, "level": "none"},
        {"format": 1, "level": 1},
        {"format": 1, "unattended": "all"},
        {"format": 1, "plugins": []},
        {"format": 1, "plugins": {"A": {}}},
        {"format": 1, "plugins": {"a": []}},
        {"format": 1, "plugins": {"a": {"level": "none"}}},
        {"format": 1, "plugins": {"a": {"secrets": []}}},
        {"format": 1, "plugins": {"a": {"grants": "channel"}}},
        {"format": 1, "plugins": {"a": {"grants": ["channel"]}}},
        {"format": 1, "plugins": {"a": {"grants": [["root"]]}}},
        {"format": 1, "plugins": {"a": {"consents": [[]]}}},
        {"format": 1, "plugins": {"a": {"consents": [["delegate", "*/*"]]}}},
    ],
)
def test_a_file_that_means_nothing_is_not_followed_in_part(path: Path, document: object) -> None:
    put(path, document)
    with pytest.raises(errors.EnvironmentFault, match="policy.json is not a valid policy: ") as caught:
        policy_file.load()
    assert caught.value.remedy
    before = path.read_bytes()
    with pytest.raises(errors.EnvironmentFault):
        policy_change.set_level("relaxed")
    assert path.read_bytes() == before


@given(st.binary())
def test_any_file_is_a_policy_or_refused(contents: bytes) -> None:
    from edge.policy.file import read

    with pytest.raises(errors.EnvironmentFault):
        read(contents, "policy.json")


def test_a_file_that_others_can_write_is_not_believed(path: Path) -> None:
    put(path, {"format": 1})
    path.chmod(0o666)
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner"):
        policy_file.load()


def test_changes_of_processes_that_run_together_all_count(path: Path) -> None:
    code = (
        "import sys; from edge.policy import change; change.grant('a', ('kv', sys.argv[1]), path=sys.argv[2])"
    )
    environment = {"EDGE_LIBRARY": os.environ["EDGE_LIBRARY"], "HOME": str(path.parent)}
    started = [
        subprocess.Popen([sys.executable, "-c", code, f"{at}", str(path)], cwd=ROOT, env=environment)
        for at in range(8)
    ]
    assert [process.wait() for process in started] == [0] * 8
    assert {ask[1] for ask in policy_file.load().of("a").grants} == {f"{at}" for at in range(8)}


def test_a_change_that_is_interrupted_leaves_the_old_policy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy_change.set_level("strict")
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("posix.fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        policy_change.set_level("relaxed")
    assert path.read_bytes() == before
    assert sorted(os.listdir(path.parent)) == ["policy.json", "policy.json.lock"]


def test_what_a_killed_process_was_writing_is_removed(path: Path) -> None:
    policy_change.set_level("strict")
    others = {".policy.json.keep", "other.tmp", ".trusted.keys.1234abcd.tmp"}
    for name in (".policy.json.1234abcd.tmp", *others):
        (path.parent / name).touch()
    policy_change.set_level("paranoid")
    assert set(os.listdir(path.parent)) == {"policy.json", "policy.json.lock", *others}


@pytest.mark.parametrize(
    ("unattended", "may"),
    [("none", []), ("low", ["low"]), ("medium", ["low", "medium"]), ("high", ["low", "medium", "high"])],
)
def test_tools_run_unattended_up_to_the_risk_that_is_set(unattended: str, may: list[str]) -> None:
    policy_change.set_unattended(unattended)
    found = policy_file.load()
    assert [risk for risk in RISKS if found.may_run_unattended(Tool("t", risk))] == may
    for risk in RISKS:
        if risk in may:
            found.check_unattended("a", Tool("t", risk))
        else:
            with pytest.raises(errors.Denied, match=f"a: the risk of t is {risk}") as caught:
                found.check_unattended("a", Tool("t", risk))
            assert f"edge policy unattended {risk}" in caught.value.remedy


def test_every_change_is_in_the_audit_log_as_it_was_answered() -> None:
    facts = [
        policy_change.set_level("strict"),
        policy_change.set_level("relaxed", "a"),
        policy_change.set_unattended("high"),
        policy_change.consent("a", [HOST]),
        policy_change.grant("a", WILD),
        policy_change.revoke("a", HOST),
        policy_change.delete("a"),
    ]
    kept = list(audit.entries())
    assert [{name: entry[name] for name in fact} for fact, entry in zip(facts, kept)] == facts
    assert [entry.get("lowered") for entry in kept] == [False, True, True, None, None, None, False]


def test_what_can_not_be_audited_is_not_changed(path: Path, tmp_path: Path) -> None:
    policy_change.set_level("strict")
    before = path.read_bytes()
    log = tmp_path / ".local" / "share" / "edge" / "audit" / "log"
    log.unlink()
    log.mkdir()
    with pytest.raises(errors.EnvironmentFault):
        policy_change.set_level("relaxed")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (("limits", "calls_per_minute", "4294967296"), "calls_per_minute must be .* 1 up to 4294967295"),
        (("limits", "host_calls", "99999999999"), "1 up to 4294967295"),
        (("limits", "memory", "1.5"), "memory must be a whole number"),
        (("limits", "deadline", "1000000001"), "1000000000"),
        (("kv", "99999999999999999999"), "quota_bytes must be"),
    ],
)
def test_an_amount_that_no_call_could_have_is_not_granted(
    tmp_path: Path, ask: tuple[str, ...], says: str
) -> None:
    with pytest.raises(errors.OptionsError, match=says):
        policy_change.grant("a", ask, path=str(tmp_path / "policy.json"))
    assert not (tmp_path / "policy.json").exists()


def test_a_lock_that_cannot_be_removed_is_released(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def remove(_: str) -> None:
        raise errors.IoFault("read-only", "")

    with monkeypatch.context() as patched:
        patched.setattr("edge.files.staged.remove", remove)
        with pytest.raises(errors.IoFault), policy_file.locked(str(path)):
            pass
    with open(f"{path}.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
