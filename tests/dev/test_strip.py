from __future__ import annotations

import ast
from pathlib import Path

import pytest

import edge
from edge.dev.strip import stripped

MODULES = sorted(Path(edge.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(MODULES[0].parent)))
def test_every_module_is_the_same_but_for_what_a_device_reads_none_of(path: Path) -> None:
    source = path.read_text()
    bare = stripped(source)
    assert bare.count("\n") == source.count("\n")
    whole, left = ast.parse(source), ast.parse(bare)
    for node in ast.walk(left):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            assert not ast.get_docstring(node)
        assert not getattr(node, "returns", None)
        assert not getattr(node, "annotation", None)
    whole.body = [node for node in whole.body if not _is_for_checkers(node, source)]
    assert code(whole) == code(left)


def code(tree: ast.Module) -> list[tuple[str, int]]:
    """Every statement but docstrings, with its line."""
    return [
        (_kind(node), node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not _is_text(node)
    ]


def _is_for_checkers(node: ast.stmt, source: str) -> bool:
    text = ast.get_source_segment(source, node) or ""
    if "TYPE_CHECKING:" in source and "\nelse:\n" in source:
        # Something else goes by it: edge/text.py, edge/dev/pack_schema.py.
        return text.startswith("from __future__ ")
    return text.startswith(("from __future__ ", "TYPE_CHECKING = False", "if TYPE_CHECKING:"))


def _kind(node: ast.stmt) -> str:
    if isinstance(node, ast.AnnAssign):
        return "Assign" if node.value else "Pass"
    return type(node).__name__


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        pytest.param(
            'class A(Exception):\n    """Says\n    much."""\n\n\ndef f():\n    "once"\n',
            'class A(Exception):\n    ""\n\n\n\ndef f():\n    ""\n',
            id="a body that is nothing else stays a body",
        ),
        pytest.param(
            'A = """\nvalue\n"""\n\n\ndef f():\n    """Doc."""\n    return """x"""\n',
            'A = """\nvalue\n"""\n\n\ndef f():\n\n    return """x"""\n',
            id="texts that are values stay",
        ),
        pytest.param(
            'def ü(a: "Ü", *b: dict[\n    str, int\n], c: int = 3) -> list[int]: return c\n',
            "def ü(a, *b\n\n, c = 3): return c\n",
            id="parameters",
        ),
        pytest.param(
            "class A:\n    a: int\n    b: str = 'x'  # why\n    c: dict[\n        str, int\n    ] = {}\n",
            "class A:\n    pass\n    b = 'x'  # why\n    c: dict[\n        str, int\n    ] = {}\n",
            id="variables",
        ),
        pytest.param(
            "from __future__ import annotations\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    import a\n\n\n"
            "def f(b: a.B) -> None: return b\n",
            "\n\n\n\n\n\ndef f(b): return b\n",
            id="what only annotations need",
        ),
        pytest.param(
            "from __future__ import annotations\n\n\ndef f() -> dict[\n    str, A\n]: return {}\n",
            "from __future__ import annotations\n\n\ndef f() -> dict[\n    str, A\n]: return {}\n",
            id="annotations that are left stay unread",
        ),
        pytest.param(
            "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    A = dict[str, int]\nelse:\n    A = dict\n",
            "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    A = dict[str, int]\nelse:\n    A = dict\n",
            id="what something else goes by",
        ),
        pytest.param(
            "def f(a: (int)) -> dict[\n    str, int\n]: return {}\n\n\ndef g() -> (\n    int\n): return 1\n",
            "def f(a: (int)) -> dict[\n    str, int\n]: return {}\n\n\ndef g() -> (\n    int\n): return 1\n",
            id="what can't be cut stays",
        ),
    ],
)
def test_what_is_left_and_on_which_line(source: str, bare: str) -> None:
    assert stripped(source) == bare
    compile(bare, "bare", "exec")
