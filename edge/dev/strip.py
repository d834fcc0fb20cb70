"""Removes from Python modules what a device never reads, and keeps the line numbers.

That is docstrings, annotations, and what is imported or defined for annotations alone. RATIONALE, "Why a
bundle's modules have no docstrings and no annotations".
"""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Cut = tuple[int, int, int, int, str]
    """From line and byte to line and byte, and the replacement."""

CHECKING = "TYPE_CHECKING"


def stripped(source: str) -> str:
    """The same module; a body that was only a docstring becomes an empty one.

    Annotations of variables and results that are longer than a line stay, because nothing would join the rest
    to it. So do annotations in parentheses, and then annotations must still be postponed.
    """
    text = _without(_without(source, _for_checkers), _cuts)
    annotated = any(_is_annotated(node) for node in ast.walk(ast.parse(text)))
    return text if annotated else _without(text, _postponing)


def _without(source: str, find: Callable[[ast.AST, list[bytes]], Iterator[Cut]]) -> str:
    """A module without what `find` finds at its nodes."""
    lines = source.encode().splitlines(keepends=True)
    cuts = [cut for node in ast.walk(ast.parse(source)) for cut in find(node, lines)]
    for first, start, last, end, left in sorted(cuts, reverse=True):
        lines[first - 1 : last] = [
            lines[first - 1][:start] + left.encode() + b"\n" * (last - first) + lines[last - 1][end:],
            *[b""] * (last - first),
        ]
    return b"".join(lines).decode()


def _for_checkers(node: ast.AST, _: list[bytes]) -> Iterator[Cut]:
    """Blocks for type checkers only, and the flag itself unless other code uses it."""
    if isinstance(node, ast.Module):
        found = [statement for statement in node.body if _tests(statement) == [CHECKING]]
        if not any(isinstance(statement, ast.If) and statement.orelse for statement in found):
            yield from map(_whole, found)


def _tests(statement: ast.stmt) -> list[str]:
    """The names that a statement defines or depends on."""
    if isinstance(statement, ast.Assign):
        names = statement.targets
    elif isinstance(statement, ast.If):
        names = [statement.test]
    else:
        return []
    return [name.id for name in names if isinstance(name, ast.Name)]


def _postponing(node: ast.AST, _: list[bytes]) -> Iterator[Cut]:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        yield _whole(node)


def _is_annotated(node: ast.AST) -> bool:
    return bool(getattr(node, "returns", None) or getattr(node, "annotation", None))


def _whole(node: ast.stmt) -> Cut:
    return node.lineno, node.col_offset, *_end(node), ""


def _cuts(node: ast.AST, lines: list[bytes]) -> Iterator[Cut]:
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from _docstring(node)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
        yield from _annotation(node.returns, b" ->", lines)
    elif isinstance(node, ast.arg) and node.annotation is not None:
        yield from _annotation(node.annotation, b":", lines)
    elif isinstance(node, ast.AnnAssign) and node.lineno == node.annotation.end_lineno:
        if node.value is None:
            yield node.lineno, node.col_offset, *_end(node), "pass"
        else:
            yield from _annotation(node.annotation, b":", lines)


def _annotation(annotation: ast.expr, mark: bytes, lines: list[bytes]) -> Iterator[Cut]:
    """A span that begins at a mark right before it."""
    before = lines[annotation.lineno - 1][: annotation.col_offset].rstrip(b" ")
    if before.endswith(mark) and (mark == b":" or annotation.lineno == annotation.end_lineno):
        yield annotation.lineno, len(before) - len(mark), *_end(annotation), ""


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Cut]:
    if ast.get_docstring(node, clean=False) is not None:
        first = node.body[0]
        if len(node.body) == 1:
            yield first.lineno, first.col_offset, *_end(first), '""'
        else:
            yield first.lineno, 0, *_end(first), ""


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset
