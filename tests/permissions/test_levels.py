from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edge.limits import PROFILES
from edge.permissions import cli, delegate, http, levels
from edge.permissions.levels import LEVELS, ORDER

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = (ROOT / "docs" / "security-levels.md").read_text()

TITLES = {
    "consent": "who consents to what is declared",
    "wildcard_hosts": "wildcard hosts (`*.example.org`)",
    "cli": "starting programs (`[[edge.cli]]`)",
    "keys": "whose signatures count",
    "limits": "limits without consent, of the device profile's",
    "delegate": "calling tools of other plugins",
    "each_call": "each call against an explicit list",
    "digests": "every use audited, with its arguments' digest",
}
EXCLUDED = {
    "wildcard_hosts": http.Http.wildcard_levels,
    "cli": cli.Cli.levels,
    "delegate": delegate.Delegate.levels,
}
"""The levels that have what others exclude."""
RULES = {
    level: {
        **LEVELS[level],
        **{name: level in levels for name, levels in EXCLUDED.items()},
    }
    for level in ORDER
}
WORDS: dict[Any, str] = {
    "none": "nobody",
    "install": "the operator, when installing",
    "explicit": "the operator, grant by grant",
    "trusted": "any key trusted here",
    "operator": "keys the operator added",
    True: "yes",
    False: "no",
}


def documented() -> list[list[str]]:
    table = DOCUMENT.partition("| | ")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines()]


def test_the_levels_are_these_from_the_lowest_on() -> None:
    assert ORDER == ("relaxed", "default", "strict", "paranoid")
    assert documented()[0] == list(ORDER)


@pytest.mark.parametrize("rule", TITLES)
def test_a_row_of_the_document_says_what_the_table_says(rule: str) -> None:
    found = {cells[0]: cells[1:] for cells in documented()[2:]}
    said = [RULES[level][rule] for level in ORDER]
    assert found[TITLES[rule]] == [f"{x} %" if rule == "limits" else WORDS[x] for x in said]


def test_every_rule_has_a_row_and_every_level_every_rule() -> None:
    assert {cells[0] for cells in documented()[2:]} == set(TITLES.values())
    assert {frozenset(rules) for rules in RULES.values()} == {frozenset(TITLES)}


def test_no_rule_is_about_verification() -> None:
    assert not [rule for rule in TITLES if re.search("verif|sign|trust|check_code", rule)]


def test_each_level_asks_at_least_as_much_as_the_one_below() -> None:
    consent, keys = ("none", "install", "explicit"), ("trusted", "operator")
    ranks = [
        (
            consent.index(rules["consent"]),
            not rules["wildcard_hosts"],
            not rules["cli"],
            keys.index(rules["keys"]),
            -rules["limits"],
            not rules["delegate"],
            rules["each_call"],
            rules["digests"],
        )
        for rules in RULES.values()
    ]
    for below, above in zip(ranks, ranks[1:]):
        assert all(low <= high for low, high in zip(below, above))
        assert below != above


def test_the_stricter_of_two_levels() -> None:
    for at, one in enumerate(ORDER):
        for other in ORDER[at:]:
            assert levels.stricter(one, other) == levels.stricter(other, one) == other
            assert levels.is_lower(one, other) is (one != other)
            assert not levels.is_lower(other, one)


def test_a_name_that_is_no_level_is_told_with_those_there_are() -> None:
    assert levels.level("strict") == "strict"
    with pytest.raises(ValueError, match="relaxed, default, strict, paranoid"):
        levels.level("none")


@pytest.mark.parametrize(
    ("level", "factor"), [("relaxed", 4), ("default", 1), ("strict", 0.5), ("paranoid", 0.25)]
)
def test_limits_are_a_share_of_the_profiles(level: str, factor: float) -> None:
    for profile in PROFILES.values():
        found = levels.free_limits(level, profile)
        assert found["memory"] == profile.limits.memory * factor
        assert found["deadline"] == profile.limits.deadline * factor
        assert found["calls_per_minute"] == profile.calls_per_minute * factor
        assert found["concurrent_calls"] == max(1, profile.concurrent_calls * factor)
