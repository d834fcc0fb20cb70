"""Hostile plugins: each comes to the end that expected.toml has for it, and leaves nothing behind."""

from __future__ import annotations

from functools import cache

import pytest

from tests.hostile import runner, zoo
from tests.hostile.runner import Reports
from tests.hostile.zoo import Attack

ATTACKS = [pytest.param(attack, id=attack.name) for attack in zoo.attacks()]


@cache
def reports(interpret: bool) -> Reports:
    return runner.here(zoo.attacks(), interpret=interpret)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("interpret", [False, True], ids=["native", "interpreter"])
def test_an_attack_comes_to_its_end_and_leaves_nothing(attack: Attack, interpret: bool) -> None:
    assert zoo.complaints(attack, reports(interpret).get(attack.name)) == []


def test_every_plugin_is_an_attack() -> None:
    names = {path.stem for path in (zoo.HERE / "plugins").iterdir()} | set(zoo.MADE)
    assert names == {attack.plugin or attack.name for attack in zoo.attacks()} | {zoo.GOOD}


def test_ten_attacks_go_to_the_board() -> None:
    assert sum(attack.board for attack in zoo.attacks()) >= 10


REPORT = {
    "ends": "OutOfFuel",
    "message": "its fuel is used up",
    "fuel": 20,
    "memory": 10,
    "cpu_s": 2.0,
    "wall_s": 2.0,
    "logged": 10,
    "peak_kb": 0,
    "next": {"ends": "Answer", "answer": "'well'"},
    "left": {"rss_kb": 0, "descriptors": 0, "threads": 0},
}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, ""),
        ({"ends": "Answer"}, "it ended as"),
        ({"message": "it ended"}, "says nothing of"),
        ({"message": "fuel" * 1000}, "letters"),
        ({"fuel": 21}, "units of fuel"),
        ({"memory": 11}, "bytes of memory"),
        ({"cpu_s": 2.5}, "CPU time"),
        ({"wall_s": 30.0}, "its deadline"),
        ({"logged": 11}, "it logged"),
        ({"peak_kb": zoo.PEAK_KB + 1}, "at its worst"),
        ({"next": {"ends": "Trapped"}}, "the next call"),
        ({"next": {"ends": "Answer", "answer": "'ill'"}}, "the next call"),
        ({"left": {"rss_kb": 1025, "descriptors": 0, "threads": 0}}, "kB stayed"),
        ({"left": {"rss_kb": 0, "descriptors": 1, "threads": 0}}, "descriptors stayed"),
        ({"left": {"rss_kb": 0, "descriptors": 0, "threads": 1}}, "threads stayed"),
    ],
)
def test_what_is_wrong_with_a_report_is_said(change: dict[str, object], complaint: str) -> None:
    attack = Attack(
        "x", "OutOfFuel", "fuel", limits={"fuel": 10, "memory": 10, "deadline": 1.0, "log_bytes": 10}
    )
    found = zoo.complaints(attack, {**REPORT, **change})
    assert len(found) == bool(complaint)
    assert complaint in "".join(found)


def test_an_attack_that_was_never_carried_out_is_a_complaint() -> None:
    assert zoo.complaints(Attack("x", "Trapped"), None)


def test_a_process_that_dies_is_blamed_on_the_attack_under_way() -> None:
    crash = Attack("x", "Trapped")
    found = runner.reports('{"attack": "good", "report": {}}\n{"attack": "x"}\n', -11, "")
    assert "Crash" in zoo.complaints(crash, found["x"])[0]
