"""Modules of the library import one another without circles, as import-linter holds it for edge/."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.native import rust

MODULES = rust.modules()
IMPORTS = rust.imports(MODULES)


def shown(names: list[rust.Name]) -> str:
    return " > ".join("::".join(name) for name in names)


def test_no_module_imports_itself_through_others() -> None:
    assert shown(rust.circle(IMPORTS)) == ""


@pytest.mark.parametrize(
    "parent", sorted({name[:-1] for name in MODULES if name}), ids=lambda name: "::".join(name) or "crate"
)
def test_no_module_imports_itself_through_what_is_below_others(parent: rust.Name) -> None:
    assert shown(rust.circle(rust.siblings(IMPORTS, parent))) == ""


READ = {
    "use crate::b::C;": {("b",)},
    "use crate::b::{self, c::D, e};": {("b",), ("b", "c")},
    "use crate::{x, b::c};": {("x",), ("b", "c")},
    "use super::x;": {("x",)},
    "use super::x::{self as y, Z};": {("x",)},
    "fn f() { crate::b::c::g(); }": {("b", "c")},
    "fn f() -> super::super::x::T {}": {("x",)},
    "mod d;\nuse d::E;": {("a", "d")},
    "pub mod d;\nfn f() { d::g(); }": {("a", "d")},
    "mod d;": set(),
    "use wasmtime::component::Val;\nuse std::fs;": set(),
    '// crate::b\nconst A: &str = "crate::b"; const Q: char = \'"\'; const B: &str = r#"crate::x"#;': set(),
}


@pytest.mark.parametrize("text", READ)
def test_imports_are_found(text: str, tmp_path: Path) -> None:
    others = {"lib.rs": "", "b.rs": "", "b/c.rs": "", "x.rs": "", "a/d.rs": "", "a.rs": text}
    for name, content in others.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    found = rust.imports(rust.modules(tmp_path))
    # From below the crate's root there is nothing above it.
    assert found[("a",)] == READ[text]


def test_a_circle_is_found() -> None:
    a, b, c, d = ("a",), ("b",), ("b", "c"), ("d",)
    assert rust.circle({a: {b}, b: {d}, d: {b}}) == [b, d]
    assert rust.circle({a: {b, d}, b: {d}, d: set()}) == []
    edges: dict[rust.Name, set[rust.Name]] = {a: {c}, b: {a}, c: set()}
    assert (rust.circle(edges), rust.circle(rust.siblings(edges, ()))) == ([], [a, b])
