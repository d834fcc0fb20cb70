"""Every remedy of Edge, from its source: what errors and checks tell people to do.

A remedy is text with `{}` for what is put into it. They are found where a remedy is given: to the classes of
edge/errors.py, to `Finding`, to functions that take a `remedy`, in `advice`, `remedy` and `REMEDY`, and in
what runtime/confinement.py yields. Names are followed to what they stand for, within a module or to another
one's constant, and functions to what they return.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import edge
from edge import errors
from edge.cli import COMMANDS

PACKAGE = Path(edge.__file__).parent
RUST = PACKAGE.parent / "native" / "src"
KINDS = {
    name: 1
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.EdgeError)
} | {"Finding": 2, "of_status": 2}
"""Calls that take a remedy, and at which place."""

HELD = ("remedy", "advice", "REMEDY")
MAX_NESTING = 6
TOLD_BY_RUST = re.compile(
    r'unsupported\(\s*"[^"]*",\s*"([^"]*)"|",\s*"[^"]*",\s*"(Build [^"]*)"|"[^"]*",\s*"(Build [^"]*)",\s*\)'
)
FOLLOWABLE = re.compile(
    r"`|\bedge [a-z{]|(?<![\w-])--?[a-z]|[A-Z]+_[A-Z]+|\[edge|/|\.toml|wasm_path|wasm32-|\w=\w"
    r"|\b(chmod|chown|mv|rm|ls|sudo|pip|mount|mkdir|fuser|tar|namei|ulimit|curl|timedatectl|sha256sum)\b"
)
"""What names a command, a file, a setting or a flag."""

COMMAND = re.compile(rf"(?<!Usage: )(?<!or )\bedge (?:{'|'.join(COMMANDS)})\b")
PAIRS = ("confinement.py", "fitting.py")
"""Modules that yield or return a cause and its remedy."""


class Module:
    """What a module defines: its functions, and all that its names are given."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text())
        self.functions: dict[str, ast.FunctionDef] = {}
        self.given: dict[str, list[ast.expr]] = {}
        self.imported: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name] = node
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._give(target, node.value)
            elif isinstance(node, ast.AugAssign):
                self._give(node.target, node.value)
            elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("edge"):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def _give(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.given.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts):
                self._give(one, other)


@cache
def module(path: Path) -> Module:
    return Module(path)


def _file(dotted: str) -> Path | None:
    path = PACKAGE.parent.joinpath(*dotted.split("."))
    for found in (path.with_suffix(".py"), path / "__init__.py"):
        if found.is_file():
            return found
    return None


def texts(here: Module, node: ast.expr, depth: int = 0) -> Iterator[str]:
    """The texts that an expression may be."""
    if depth > MAX_NESTING:
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value:
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for left in texts(here, node.left, depth + 1):
            for right in list(texts(here, node.right, depth + 1)) or ["{}"]:
                yield left + right
    elif isinstance(node, ast.IfExp):
        yield from texts(here, node.body, depth + 1)
        yield from texts(here, node.orelse, depth + 1)
    elif isinstance(node, (ast.BoolOp, ast.Dict)):
        for value in node.values:
            yield from texts(here, value, depth + 1)
    elif isinstance(node, ast.Name):
        yield from _named(here, node.id, depth)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        path = _file(here.imported.get(node.value.id, ""))
        if path:
            yield from _named(module(path), node.attr, depth)
    elif isinstance(node, ast.Call):
        yield from _called(here, node, depth)


def _named(here: Module, name: str, depth: int) -> Iterator[str]:
    for value in here.given.get(name, ()):
        yield from texts(here, value, depth + 1)
    if name not in here.given and name in here.imported:
        where, _, what = here.imported[name].rpartition(".")
        path = _file(where)
        if path:
            yield from _named(module(path), what, depth + 1)


def _called(here: Module, node: ast.Call, depth: int) -> Iterator[str]:
    """What a function of Edge's returns, or a text that is formatted, or looked up."""
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(argument, (ast.Constant, ast.JoinedStr)):
            yield from (text for text in texts(here, argument, depth + 1) if " " in text)
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "get"):
        yield from texts(here, node.func.value, depth + 1)
    if not isinstance(node.func, ast.Name):
        return
    where, name = here, node.func.id
    if name not in here.functions and name in here.imported:
        path = _file(here.imported[name].rpartition(".")[0])
        where = module(path) if path else here
    function = where.functions.get(name)
    for inner in ast.walk(function) if function else ():
        if isinstance(inner, ast.Return) and inner.value is not None:
            yield from texts(where, inner.value, depth + 1)


def _places(here: Module) -> dict[str, int]:
    """The calls of a module that take a remedy, and at which place."""
    found = dict(KINDS)
    for name, function in here.functions.items():
        names = [argument.arg for argument in function.args.args]
        if "remedy" in names:
            found[name] = names.index("remedy") - (names[0] == "self")
    return found


def of_python() -> Iterator[tuple[Path, str]]:
    """Each remedy of the package, with its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        here = module(path)
        places = _places(here)
        for node in ast.walk(here.tree):
            pairs = [node.value] if path.name in PAIRS and isinstance(node, (ast.Yield, ast.Return)) else []
            told = [pair.elts[1] for pair in pairs if isinstance(pair, ast.Tuple) and len(pair.elts) > 1]
            for expression in (*_given(node, places), *told):
                for text in texts(here, expression):
                    yield path, text


def _given(node: ast.AST, places: dict[str, int]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rpartition(".")[2]
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "remedy")
        if name in places and len(node.args) > places[name]:
            yield node.args[places[name]]
    elif isinstance(node, ast.Assign):
        targets = [one for target in node.targets for one in _parts(target)]
        values = _parts(node.value) if len(targets) > 1 else [node.value]
        for target, value in zip(targets, values):
            if ast.unparse(target).rpartition(".")[2] in HELD:
                yield value


def _parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def of_rust() -> Iterator[tuple[Path, str]]:
    """Each remedy of the library: the second line of a reason."""
    for path in sorted(RUST.rglob("*.rs")):
        for found in TOLD_BY_RUST.finditer(path.read_text()):
            yield path, next(filter(None, found.groups()))


def remedies() -> dict[str, str]:
    """Every remedy that names something to follow, and a file that tells it."""
    found: dict[str, str] = {}
    for path, text in (*of_python(), *of_rust()):
        if FOLLOWABLE.search(text):
            found.setdefault(" ".join(text.split()), path.name)
    return found
