"""Every remedy that names a command, a file, a setting or a flag has a test that follows it, or an excuse."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remedies import collect
from tests.remedies.excused import EXCUSED

HERE = Path(__file__).parent
REMEDIES = collect.remedies()


def followed() -> Iterator[str]:
    """What the calls of `advice` in this folder look for."""
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "advice":
                yield from collect.texts(collect.Module(path), node.args[1])


FOLLOWED = set(followed())


@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_remedy_is_followed_or_excused(remedy: str) -> None:
    assert (remedy in FOLLOWED) is not (remedy in EXCUSED), f"{REMEDIES[remedy]}: {remedy}"


def test_what_is_excused_is_still_told() -> None:
    assert EXCUSED.keys() <= REMEDIES.keys()


@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_command_of_edge_stands_in_backticks(remedy: str) -> None:
    """So that people see where it ends, and tests can take it from the text."""
    outside = "".join(remedy.split("`")[::2])
    assert not collect.COMMAND.search(outside), remedy
