"""Documents and code name each other: no name leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    file
    for folder in (ROOT, *(ROOT / name for name in ("docs", "examples", "tests", "tests/guests")))
    for file in folder.glob("*.md")
)
CODE = [ROOT / name for name in ("bench", "cross", "edge", "native/edge.h", "native/src", "tests/journey.py")]

NEXT_LINE = re.compile(r"\s*\n\s*(?://[/!]?|#)?\s*")
CITATION = re.compile(r'\bRATIONALE(?:\.md)?\b(?:, "([^"]*)")?')
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
# No pattern such as `edge/cli/NAME.py`; a module's path may leave out `edge/`.
PATH = re.compile(
    r"`((?:bench|cross|docs|edge|examples|native|tests|wit)/[a-z0-9_./-]*|[a-z_]+/[a-z_/]+\.py)`"
)
MODULE = re.compile(r"python3? -m ((?:bench|cross|edge|tests)(?:\.\w+)*)")
MADE_BY_THE_READER = {"examples/my-plugin"}


def heading_texts(document: Path) -> list[str]:
    return re.findall(r"^## (.*)$", document.read_text(), re.MULTILINE)


def cited() -> Iterator[str]:
    """Headings of RATIONALE.md that code names; empty for a mention without one."""
    for file in (file for place in CODE for file in (place, *place.rglob("*")) if file.is_file()):
        if "__pycache__" in file.parts or file.suffix in {".so", ".pyc"}:
            continue
        for found in CITATION.finditer(NEXT_LINE.sub(" ", file.read_text(errors="replace"))):
            yield found[1] or ""


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_code_cites_every_heading_of_the_rationale_and_no_other() -> None:
    assert set(cited()) == set(heading_texts(ROOT / "RATIONALE.md"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    for path, heading in LINK.findall(document.read_text()):
        target = document.parent / path if path else document
        assert target.exists(), path
        if heading:
            assert heading in map(anchor, heading_texts(target)), f"{path}#{heading}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_paths_of_the_repository_exist(document: Path) -> None:
    named = set(PATH.findall(document.read_text())) - MADE_BY_THE_READER
    places = (ROOT, ROOT / "edge", document.parent)
    assert [path for path in sorted(named) if not any((place / path).exists() for place in places)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_modules_to_run_exist(document: Path) -> None:
    named = {ROOT / module.replace(".", "/") for module in MODULE.findall(document.read_text())}
    assert [
        path for path in named if not (path / "__main__.py").exists() and not path.with_suffix(".py").exists()
    ] == []


def test_every_promise_names_a_test_or_a_command() -> None:
    promises = (ROOT / "SECURITY.md").read_text().partition("## Promises")[2].partition("\n## ")[0]
    rows = [line.strip("|").rsplit("|", 1) for line in promises.splitlines() if line.startswith("| ")][1:]
    assert rows
    assert [
        promise for promise, held in rows if not re.search("`(tests/|python -m |make |edge )", held)
    ] == []
