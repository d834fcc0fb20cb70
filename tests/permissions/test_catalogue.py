"""A row of the catalogue has its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.interfaces import Context, Interface
from edge.permissions import catalogue
from edge.permissions.catalogue import ALWAYS, BY_ARGUMENT, CATALOGUE, NEVER, UNKNOWN, WHOLE, Capability

ROOT = Path(__file__).resolve().parent.parent.parent
MANIFEST = (ROOT / "docs/manifest.md").read_text()
DOCUMENT = (ROOT / "docs/capabilities.md").read_text()
ROWS = [row for row in CATALOGUE if row.name != UNKNOWN]


def missing(row: Capability) -> list[str]:
    """The files of a row that are not there."""
    wanted = []
    if row.permission:
        wanted += [f"edge/permissions/{row.permission}.py", f"tests/permissions/test_{row.permission}.py"]
    if row.interface:
        wanted += [f"edge/interfaces/{row.interface}.py", f"tests/interfaces/test_{row.interface}.py"]
    if row.wit:
        wanted.append(f"wit/{row.wit}")
    return [path for path in wanted if not (ROOT / path).is_file()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_its_files(row: Capability) -> None:
    assert missing(row) == []
    assert row.refused in (ALWAYS, WHOLE, BY_ARGUMENT, NEVER)
    assert bool(row.imports) != (row.refused == NEVER)
    assert bool(row.permission) != (row.refused == ALWAYS)


def test_a_row_without_its_files_is_found() -> None:
    row = Capability("new", WHOLE, permission="new", interface="new", wit="new.wit")
    assert len(missing(row)) == 5


@pytest.mark.parametrize("row", [row for row in ROWS if row.interface], ids=lambda row: row.name)
def test_a_module_offers_the_interface_that_the_row_names(row: Capability) -> None:
    module = __import__(f"edge.interfaces.{row.interface}", None, None, ["offer"])
    offered = module.offer(Context(secrets=dict))
    assert isinstance(offered, Interface)
    assert offered.name.partition("@")[0] in row.imports
    declared = (ROOT / "wit" / row.wit).read_text()
    assert set(re.findall(r"^\s*([a-z-]+): func", declared, re.MULTILINE)) == set(offered.functions)


@pytest.mark.parametrize("row", [row for row in ROWS if row.permission], ids=lambda row: row.name)
def test_what_may_be_asked_is_documented(row: Capability) -> None:
    own = catalogue.permission(row.name)
    assert own.name == row.name
    assert f"\n## `{row.name}`\n" in DOCUMENT
    assert not own.table or f"[edge.{own.table}]" in MANIFEST
    (listed,) = (line for line in DOCUMENT.splitlines() if line.startswith(f"| `{row.name}` |"))
    assert all(f"`{name}`" in listed for name in row.imports)


def test_no_two_rows_have_the_same() -> None:
    imports = [name for row in CATALOGUE for name in row.imports]
    tables = [own.table for own in catalogue.permissions() if own.table]
    for names in ([row.name for row in CATALOGUE], imports, tables):
        assert len(set(names)) == len(names)


def test_every_module_of_permissions_and_interfaces_is_in_a_row_or_for_all() -> None:
    common = {
        "permissions": {"__init__", "amounts", "catalogue", "levels", "names", "requests"},
        "interfaces": {"__init__", "delegation"},
    }
    for package, others in common.items():
        named = {row.permission if package == "permissions" else row.interface for row in CATALOGUE} - {""}
        assert {path.stem for path in (ROOT / "edge" / package).glob("*.py")} == named | others
