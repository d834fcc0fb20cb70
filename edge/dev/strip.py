"""Python modules without docstrings and annotations, line by line as they were: a device reads neither."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Cut = tuple[int, int, int, int, str]
    """From line and byte to line and byte, and what is left there."""


def stripped(source: str) -> str:
    """The same module; a body that was nothing but a docstring is left with one that is empty.

    What a variable is annotated with stays where it is longer than a line: nothing would join the rest to it.
    """
    lines = source.encode().splitlines(keepends=True)
    cuts = [cut for node in ast.walk(ast.parse(source)) for cut in _cuts(node, lines)]
    for first, start, last, end, left in sorted(cuts, reverse=True):
        lines[first - 1 : last] = [
            lines[first - 1][:start] + left.encode() + b"\n" * (last - first) + lines[last - 1][end:],
            *[b""] * (last - first),
        ]
    return b"".join(lines).decode()


def _cuts(node: ast.AST, lines: list[bytes]) -> Iterator[Cut]:
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from _docstring(node)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
        line, before = node.returns.lineno, node.returns.col_offset
        arrow = lines[line - 1].rindex(b" ->", 0, before)
        yield line, arrow, *_end(node.returns), ""
    elif isinstance(node, ast.arg) and node.annotation is not None:
        yield node.lineno, node.col_offset + len(node.arg.encode()), *_end(node.annotation), ""
    elif isinstance(node, ast.AnnAssign) and node.lineno == node.annotation.end_lineno:
        if node.value is None:
            yield node.lineno, node.col_offset, *_end(node), "pass"
        else:
            yield (*_end(node.target), *_end(node.annotation), "")


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
