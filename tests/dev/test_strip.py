from __future__ import annotations

import ast
from pathlib import Path

import pytest

import edge
from edge.dev.strip import without_docstrings

MODULES = sorted(Path(edge.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(MODULES[0].parent)))
def test_every_module_is_the_same_but_for_its_docstrings(path: Path) -> None:
    source = path.read_text()
    stripped = without_docstrings(source)
    assert stripped.count("\n") == source.count("\n")
    whole, left = ast.parse(source), ast.parse(stripped)
    for node in ast.walk(left):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            assert not ast.get_docstring(node)
    assert code(whole) == code(left)


def code(tree: ast.Module) -> list[tuple[str, int]]:
    """Every statement but docstrings, with its line."""
    return [
        (type(node).__name__, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not _is_text(node)
    ]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_a_body_that_is_nothing_else_stays_a_body() -> None:
    source = 'class A(Exception):\n    """Says\n    much."""\n\n\ndef f():\n    "once"\n'
    assert without_docstrings(source) == 'class A(Exception):\n    ""\n\n\n\ndef f():\n    ""\n'


def test_texts_that_are_values_stay() -> None:
    source = 'A = """\nvalue\n"""\n\n\ndef f():\n    """Doc."""\n    return """x"""\n'
    assert without_docstrings(source) == 'A = """\nvalue\n"""\n\n\ndef f():\n\n    return """x"""\n'
