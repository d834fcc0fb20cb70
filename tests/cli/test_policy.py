from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import audit
from edge.policy import change
from edge.policy import file as policy_file

Edge = Callable[..., Any]

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "api.example.org:443"


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def acts() -> list[str]:
    return [entry["act"] for entry in audit.entries()]


@pytest.mark.parametrize("words", [[], ["show"]])
def test_without_an_action_it_shows_what_holds(edge: Edge, words: list[str], homes: Path) -> None:
    ran = edge("policy", *words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.split("\n")[:2] == ["level       default", "unattended  calls up to risk low"]
    change.set_level("strict", "weather")
    change.grant("weather", ("http_client", HOST))
    change.consent("weather", [("cli", "/usr/bin/git", "log -n")])
    ran = edge("policy", *words)
    assert "\nweather: level strict\n  granted http_client api.example.org:443\n" in ran.out
    assert "  consented to cli /usr/bin/git 'log -n'" in ran.out
    document = edge("policy", *words, "--json").document
    assert document["path"] == str(homes / "config/edge/policy.json")
    assert document["plugins"]["weather"]["grants"] == [["http_client", HOST]]


def test_a_grant_and_taking_it_back(edge: Edge) -> None:
    assert edge("policy", "grant", "weather", "http_client", HOST).out == (
        "weather: http_client api.example.org:443 is granted\n"
    )
    assert edge("policy", "grant", "weather", "http_client", HOST).out.endswith(", as before\n")
    assert policy_file.load().of("weather").grants == (("http_client", HOST),)
    fact = edge("policy", "revoke", "weather", "http_client", "--json").document
    assert (fact["act"], fact["removed"]) == ("revoke", 1)
    assert policy_file.load().of("weather").grants == ()
    assert acts() == ["grant", "revoke"]


def test_what_is_not_installed_yet_is_spoken_of_with_a_note(edge: Edge) -> None:
    ran = edge("policy", "grant", "weather", "http_client", HOST)
    assert (ran.status, "weather is not installed here; this applies" in ran.err) == (0, True)
    shown = edge("policy", "show", "weather", "--json").document
    assert (shown["state"], shown["level"], shown["grants"]) == (None, "default", [["http_client", HOST]])


@pytest.mark.parametrize(
    "words", [("revoke", "pump", "http_client"), ("forget", "pump"), ("level", "default")]
)
def test_what_changes_nothing_is_not_audited(edge: Edge, words: tuple[str, ...]) -> None:
    ran = edge("policy", *words)
    assert (ran.status, "not" in ran.out or "before: default" in ran.out) == (0, True)
    assert acts() == []


def test_words_that_begin_with_a_dash_stand_behind_two(edge: Edge) -> None:
    assert edge("policy", "grant", "a", "cli", "/usr/bin/git", "--", "log", "-n", "{int}").status == 0
    assert policy_file.load().of("a").grants == (("cli", "/usr/bin/git", "log", "-n", "{int}"),)


def test_going_up_asks_nobody(edge: Edge) -> None:
    ran = edge("policy", "level", "paranoid")
    assert (ran.status, ran.out) == (0, "this device: level paranoid applies (before: default)\n")
    assert edge("policy", "level", "paranoid", "weather").status == 0
    assert edge("policy", "unattended", "none").status == 0
    assert acts() == ["level", "level", "unattended"]


DOWN = [
    ("level", "relaxed"),
    ("level", "default", "weather"),
    ("level", "device", "weather"),
    ("forget", "weather"),
    ("unattended", "medium"),
]


@pytest.mark.parametrize("words", DOWN)
def test_where_nobody_is_there_to_agree_nothing_goes_down(
    edge: Edge, words: tuple[str, ...], homes: Path
) -> None:
    change.set_level("strict", "weather")
    before = (homes / "config/edge/policy.json").read_bytes()
    ran = edge("policy", *words)
    assert (ran.status, ran.out) == (3, "")
    assert "Nothing was changed" in ran.err
    assert "--yes" in ran.err
    assert (homes / "config/edge/policy.json").read_bytes() == before
    assert edge("policy", *words, "--yes").status == 0
    newest = list(audit.entries())[-1]
    assert (newest["event"], newest["act"], newest["lowered"]) == ("policy", words[0], True)


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"yes\n", 0), (b"n\n", 3), (b"\n", 3)])
def test_at_a_terminal_it_asks(answer: bytes, status: int, homes: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "edge", "policy", "level", "relaxed"],
            cwd=ROOT,
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            env=dict(os.environ),
        )
        asked = b""
        while b"[y/N]" not in asked:
            asked += os.read(ours, 1000)
        os.write(ours, answer)
        out, _ = process.communicate()
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"Lowering the level of this device from default to relaxed lets" in asked
    assert process.returncode == status
    assert bool(out) == (status == 0)
    written = homes / "config/edge/policy.json"
    assert (written.exists() and json.loads(written.read_text())["level"] == "relaxed") == (status == 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fly"], "no such action: `fly`"),
        (["level"], "LEVEL missing"),
        (["level", "none"], "Unknown level `none`"),
        (["level", "strict", "a", "b"], "unexpected argument `b`"),
        (["level", "device"], "Unknown level"),
        (["unattended", "all"], "Unknown risk `all`"),
        (["grant", "a"], "CAPABILITY missing"),
        (["grant", "a", "root"], "cannot be granted"),
        (["grant", "A", "channel"], "not a valid plugin name"),
        (["revoke", "a", "http_client", "x", "y"], "takes 1 word"),
        (["show", "a"], "No plugin `a` is installed, and the policy has no entry for it"),
        (["show", "a", "b"], "unexpected argument `b`"),
    ],
)
def test_wrong_usage_changes_nothing(edge: Edge, words: list[str], message: str, homes: Path) -> None:
    ran = edge("policy", *words)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert not (homes / "config").exists()
    assert acts() == []


def test_a_revocation_that_something_wider_undoes_is_none(edge: Edge) -> None:
    change.grant("weather", ("http_client", "*.example.org"))
    ran = edge("policy", "revoke", "weather", "http_client", "a.example.org")
    assert ran.status == 1
    assert "edge policy revoke weather http_client *.example.org\n" in ran.err
    assert edge("policy", "revoke", "weather", "http_client", "*.example.org").status == 0
