"""Python modules without their docstrings, line by line as they were: a device reads no documentation."""

from __future__ import annotations

import ast


def without_docstrings(source: str) -> str:
    """The same module; a body that was nothing but a docstring is left with one that is empty."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if ast.get_docstring(node, clean=False) is None:
            continue
        first = node.body[0]
        assert first.end_lineno is not None
        indent = " " * first.col_offset
        left = f'{indent}""\n' if len(node.body) == 1 else "\n"
        lines[first.lineno - 1 : first.end_lineno] = [left] + ["\n"] * (first.end_lineno - first.lineno)
    return "".join(lines)
