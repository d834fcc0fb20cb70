"""A reader of the Rust in native/src: its modules, what they import, its constants and its C interface.

It reads what this code base writes, with rustfmt's layout, and no more of Rust than that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parent.parent.parent / "native" / "src"

Name = tuple[str, ...]
"""A module's path below the crate: `("abi", "call")`; empty for lib.rs."""

NOT_CODE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | b?r(\#*)".*?"\1 | b?"(?:\\.|[^"\\])*" | b?'(?:\\[^']+|[^'\\])'""",
    re.VERBOSE | re.DOTALL,
)
"""Comments and literals; a lifetime has no second quote so near."""

USE = re.compile(r"\buse\s+([^;]+);")
CHILD = re.compile(r"^(?:pub )?mod (\w+);", re.MULTILINE)
INLINE_PATH = re.compile(r"\b(?:crate|super|self)(?:::\w+)+")
WORD = re.compile(r"::|[{},*]|\w+(?:\s+as\s+\w+)?")


def code(text: str) -> str:
    """Rust without comments and literals."""
    return NOT_CODE.sub('""', text)


def modules(source: Path = SOURCE) -> dict[Name, str]:
    """The code of every module, by its path."""
    found = {}
    for file in sorted(source.rglob("*.rs")):
        path = file.relative_to(source).with_suffix("").parts
        found[() if path == ("lib",) else path] = code(file.read_text())
    return found


def imports(found: dict[Name, str]) -> dict[Name, set[Name]]:
    """The modules that each module names in a `use` or in a path, but for itself."""
    return {name: set(_named(name, text, found)) - {name} for name, text in found.items()}


def _named(module: Name, text: str, found: dict[Name, str]) -> Iterator[Name]:
    children = set(CHILD.findall(text))
    used = {path[0] for path in _uses(text)}
    paths = [*_uses(text), *(tuple(path.split("::")) for path in INLINE_PATH.findall(USE.sub("", text)))]
    # A child needs no `use`: `line::read` names it, unless something else has the name by an import.
    paths += [
        ("self", child) for child in children - used if re.search(rf"(?<![\w:])(?<!mod ){child}::", text)
    ]
    for path in paths:
        target = _absolute(module, path, children)
        if target is None:
            continue
        while target and target not in found:
            target = target[:-1]
        if target:
            yield target


def _absolute(module: Name, path: Name, children: set[str]) -> Name | None:
    """A path from the crate's root; None for one that leads into another crate."""
    if path[0] == "crate":
        return path[1:]
    if path[0] in children:
        return (*module, *path)
    if path[0] not in ("self", "super"):
        return None
    while path and path[0] in ("self", "super"):
        module, path = (module if path[0] == "self" else module[:-1]), path[1:]
    return (*module, *path)


def _uses(text: str) -> Iterator[Name]:
    for tree in USE.findall(text):
        words = [word.partition(" as ")[0].strip() for word in WORD.findall(tree)]
        yield from _leaves(words, ())


def _leaves(words: list[str], before: Name) -> Iterator[Name]:
    """The paths of a tree as in `a::{b, c::{d, e}}`; takes its words from the list."""
    path = before
    while words:
        word = words.pop(0)
        if word == "{":
            while words and words[0] != "}":
                yield from _leaves(words, path)
                if words and words[0] == ",":
                    words.pop(0)
            words[:1] = []
            return
        if word not in ("::", "*"):
            path = (*path, word)
        if not words or words[0] in (",", "}"):
            break
    yield path


def circle(edges: dict[Name, set[Name]]) -> list[Name]:
    """Modules each of which imports the next, and the last one the first; none where there is no circle."""
    done: set[Name] = set()
    way: list[Name] = []

    def visit(name: Name) -> list[Name]:
        if name in way:
            return way[way.index(name) :]
        if name in done:
            return []
        way.append(name)
        for other in sorted(edges.get(name, ())):
            if found := visit(other):
                return found
        way.pop()
        done.add(name)
        return []

    return next(filter(None, map(visit, sorted(edges))), [])


def siblings(edges: dict[Name, set[Name]], parent: Name) -> dict[Name, set[Name]]:
    """The same, each child of a module standing for all that is below it."""
    depth = len(parent) + 1
    found: dict[Name, set[Name]] = {}
    for name, others in edges.items():
        if name[: depth - 1] == parent and len(name) >= depth:
            below = {
                other[:depth] for other in others if other[: depth - 1] == parent and len(other) >= depth
            }
            found.setdefault(name[:depth], set()).update(below - {name[:depth]})
    return found


class Function(NamedTuple):
    """A function of the C ABI."""

    params: tuple[tuple[str, str], ...]
    """Name and type of each."""
    result: str


CONSTANT = re.compile(r"\bconst (\w+): \w+ = ([^;]+);")
VARIANT = re.compile(r"^    (\w+) = (\w+),$", re.MULTILINE)
STRUCT = re.compile(r"#\[repr\(C\)\]\s*(?:#\[[^\]]*\]\s*)*pub struct (\w+) \{(.*?)\n\}", re.DOTALL)
FIELD = re.compile(r"(\w+): ([^,\n]+),")
EXPORTED = re.compile(
    r"#\[unsafe\(no_mangle\)\]\s*pub (?:unsafe )?extern \"\" fn (\w+)\(([^)]*)\)(?: -> (\w+))? \{"
)


def constants(text: str) -> dict[str, int]:
    """Constants that are a number, or made of others of the same file."""
    told = dict(CONSTANT.findall(text))
    values = {name: _value(text, told) for name, text in told.items()}
    return {name: value for name, value in values.items() if value is not None}


def _value(text: str, told: dict[str, str]) -> int | None:
    """A number, the name of one, or a sum of them."""
    parts = [part.strip() for part in text.split("+")]
    values = [
        int(part, 0) if part.isdigit() else _value(told[part], told) if part in told else None
        for part in parts
    ]
    return None if None in values else sum(value or 0 for value in values)


def variants(text: str) -> dict[str, int]:
    """The variants of an enum that has a number for each."""
    return {name: int(number, 0) for name, number in VARIANT.findall(text)}


def structs(text: str) -> dict[str, list[tuple[str, str]]]:
    """Name and type of each field of what has the layout of C."""
    return {name: FIELD.findall(fields) for name, fields in STRUCT.findall(text)}


def functions(text: str) -> dict[str, Function]:
    """What is exported to C."""
    return {
        name: Function(tuple(re.findall(r"(\w+): ([^,\n]+)", params)), result)
        for name, params, result in EXPORTED.findall(text)
    }
