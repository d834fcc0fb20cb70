from __future__ import annotations

from typing import Any, Callable

import pytest

from edge import cli, errors
from edge.cli.help import GROUPS

Edge = Callable[..., Any]


def test_what_commands_there_are_as_data(edge: Edge) -> None:
    found = edge("--help", "--json").document
    assert {row["name"]: row["summary"] for row in found["commands"]} == cli.COMMANDS
    assert all(row["example"].startswith(f"edge {row['name']} ") for row in found["commands"])


def test_every_command_is_in_one_group(edge: Edge) -> None:
    named = [name for names in GROUPS.values() for name in names]
    assert sorted(named) == sorted(cli.COMMANDS)
    assert {row["group"] for row in edge("--help", "--json").document["commands"]} == set(GROUPS)


def test_every_exit_code_is_named(edge: Edge) -> None:
    named = set(edge("--help", "--json").document["exit_codes"])
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.EdgeError)
    ]
    assert named == {
        "0",
        str(cli.INTERRUPTED),
        str(cli.NOBODY_READS),
        *(str(kind.exit_code) for kind in kinds),
    }
    told = edge("--help").out.partition("Exit codes: ")[2].replace("\n", " ")
    assert {code.split()[0] for code in told.split(", ")} == named


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_what_a_command_takes_as_data(edge: Edge, name: str) -> None:
    found = edge(name, "--json", "--help").document
    text = edge(name, "--help").out
    assert found["name"] == name
    assert text.startswith(found["usage"])
    assert all(option["name"] in text and option["text"] in text for option in found["options"])
    assert found["summary"] in text
    assert found["example"] in text
