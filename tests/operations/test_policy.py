from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.operations import policy
from edge.operations.policy import grant, revoke
from edge.policy import change
from edge.policy import file as policy_file

ASKS = """
permissions = ["http_client", "config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
[edge.http]
hosts = ["*.example.org"]
[edge.limits]
deadline = 5
"""
HOST = ("http_client", "a.example.org")

Put = Callable[..., Any]


@pytest.fixture
def weather(put: Put) -> str:
    put(name="weather", manifest=ASKS)
    return "weather"


@pytest.mark.parametrize(
    ("limit", "remedy"), [("deadine", "Did you mean deadline?"), ("xyz", "There are fuel, deadline, memory,")]
)
def test_a_limit_that_there_is_not_is_not_granted(limit: str, remedy: str) -> None:
    with pytest.raises(errors.OptionsError, match=f"No such limit: `{limit}`") as found:
        grant("weather", ("limits", limit, "5"))
    assert remedy in found.value.remedy
    assert policy_file.load().plugins == {}


def test_a_policy_that_has_such_a_grant_already_is_read() -> None:
    change.grant("weather", ("limits", "deadine", "5"))
    assert policy_file.load().of("weather").grants == (("limits", "deadine", "5"),)


@pytest.mark.parametrize(
    ("ask", "remark"),
    [
        (("config_read", "tokn"), "Of its secrets: Did you mean token?"),
        (("cli", "/usr/bin/git"), "weather does not request cli /usr/bin/git"),
        (("cli",), "weather does not request cli"),
        (("http_client", "other.org"), "It requests http_client *.example.org"),
        (("limits", "memory", "33554432"), "It requests limits deadline 5"),
    ],
)
def test_what_an_installed_plugin_does_not_ask_for_is_granted_with_a_remark(
    weather: str, ask: tuple[str, ...], remark: str
) -> None:
    fact = grant(weather, ask).event
    assert (remark in fact["remark"], fact["effect"]) == (True, False)
    assert policy_file.load().of(weather).grants == (ask,)


@pytest.mark.parametrize("ask", [HOST, ("http_client",), ("config_read", "token"), ("config_read",)])
def test_what_it_asks_for_is_granted_without_one(weather: str, ask: tuple[str, ...]) -> None:
    fact = grant(weather, ask).event
    assert (fact["remark"], fact["effect"]) == ("", True)


def test_of_a_limit_it_gets_no_more_than_it_asks_for(weather: str) -> None:
    fact = grant(weather, ("limits", "deadline", "9")).event
    assert (fact["remark"], fact["effect"]) == ("weather requests limits deadline 5 and gets no more", True)


def test_revoking_a_part_of_what_is_consented_to_says_what_still_covers_it(weather: str) -> None:
    fact = revoke(weather, HOST).event
    assert (fact["removed"], fact["still"]) == (0, [("http_client", "*.example.org")])
    fact = revoke(weather, fact["still"][0]).event
    assert (fact["removed"], fact["still"]) == (1, [])
    assert revoke(weather, HOST).event["still"] == []


def test_revoking_what_a_level_gives_says_so(weather: str) -> None:
    change.set_level("relaxed", weather)
    fact = revoke(weather, ("http_client",)).event
    assert (fact["removed"], fact["still"]) == (1, [])
    assert "at level relaxed, weather has everything" in fact["remark"]


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (lambda consent: policy.set_level("relaxed", consent=consent), "the level of this device"),
        (lambda consent: policy.set_level("relaxed", "weather", consent=consent), "the level of weather"),
        (lambda consent: policy.set_unattended("high", consent=consent), "unattended calls from low to high"),
        (
            lambda consent: policy.delete("stern", consent=consent),
            "the level of stern from strict to default",
        ),
    ],
)
def test_what_lets_plugins_do_more_needs_consent(act: Callable[[Any], object], what: str) -> None:
    change.set_level("strict", "stern")
    asked: list[str] = []
    before = Path(policy_file.default_path()).read_bytes()

    def no(question: str) -> bool:
        asked.append(question)
        return False

    for consent in (None, no):
        with pytest.raises(errors.NeedsConsent, match=f"no consent to .*{what}"):
            act(consent)
        assert Path(policy_file.default_path()).read_bytes() == before
    assert len(asked) == 1
    act(lambda _: True)
    assert Path(policy_file.default_path()).read_bytes() != before


def test_what_lets_them_do_less_asks_nobody() -> None:
    policy.set_level("strict")
    policy.set_unattended("none")
    found = policy_file.load()
    assert (found.level, found.unattended) == ("strict", "none")


def test_a_grant_to_a_plugin_that_is_not_installed_holds_later_and_says_so() -> None:
    done = grant("later", HOST)
    assert (done.event["installed"], done.stopped) == (False, ())
    assert done.remarks == ("later is not installed here; this applies once it is installed",)
