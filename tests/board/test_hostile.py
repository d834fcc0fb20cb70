"""The zoo's chosen ten on the emulated Pi Zero."""

from __future__ import annotations

import pytest

from tests.hostile import runner, zoo
from tests.hostile.runner import Reports

CHOSEN = [attack for attack in zoo.attacks() if attack.board]


@pytest.fixture(scope="module")
def reports() -> Reports:
    return runner.on_board(CHOSEN)


@pytest.mark.parametrize("attack", CHOSEN, ids=lambda attack: attack.name)
def test_an_attack_comes_to_its_end_and_leaves_nothing(attack: zoo.Attack, reports: Reports) -> None:
    assert zoo.complaints(attack, reports.get(attack.name)) == []
