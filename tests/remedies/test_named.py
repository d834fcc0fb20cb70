"""What errors and findings tell people to do: commands that are there, with options that they take."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge
from edge import errors
from edge.cli import COMMANDS, load

PACKAGE = Path(edge.__file__).parent
NAMED = re.compile(r"(?<![.\w])edge ([a-z]+)((?: +[^\s`;,]+)*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*)")
PROSE = {"as", "from", "in", "process"}
"""Words behind the name of Edge's folder, program or processes that name no command."""


def texts(path: Path) -> Iterator[str]:
    """The texts of a module but for its docstrings; what is put into one is an X."""
    tree = ast.parse(path.read_text())
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def told() -> Iterator[tuple[str, str, str]]:
    """Where a command is named, which, and the words behind it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in texts(path):
            for found in NAMED.finditer(text):
                if found[1] not in PROSE:
                    yield path.name, found[1], found[2]


@pytest.mark.parametrize(("file", "name", "rest"), sorted(set(told())))
def test_a_command_that_people_are_told_is_there(file: str, name: str, rest: str) -> None:
    assert name in COMMANDS, f"{file} names `edge {name}{rest}`"
    module, command = load(name)
    known = {f"--{option.name}" for option in command.options}
    assert set(OPTION.findall(rest)) <= known, f"{file} names `edge {name}{rest}`"
    actions = getattr(module, "ACTIONS", None)
    word = next(iter(rest.split()), "")
    if actions and word.isalpha() and word.islower():
        assert word in actions, f"{file} names `edge {name} {word}`"


def kinds(root: type[errors.EdgeError] = errors.EdgeError) -> Iterator[type[errors.EdgeError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_advice_names_nothing_that_only_a_checkout_has(kind: type[errors.EdgeError]) -> None:
    assert "native/src" not in kind.advice
    assert "tests/" not in kind.advice
