from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate

import pytest

from cross import build, layout
from cross.recipe import LAYOUT, UNSTRIPPED

PATTERN = re.compile(r"^    \*\(\.text\.(.*)\)$", re.MULTILINE)


def test_the_layout_knows_the_functions_of_the_library() -> None:
    patterns = PATTERN.findall(LAYOUT.read_text())
    library = build.library(layout.TARGET).with_name(UNSTRIPPED)
    names = [name for _, _, name in layout.functions(library)]
    unknown = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
    assert len(patterns) > 600
    assert len(unknown) < len(patterns) / 20, "python -m cross.layout writes it anew"


def test_the_linker_follows_the_layout() -> None:
    known = re.compile("|".join(map(translate, PATTERN.findall(LAYOUT.read_text()))))
    library = build.library(layout.TARGET).with_name(UNSTRIPPED)
    placed = [bool(known.match(name)) for _, _, name in sorted(layout.functions(library))]
    # Those that hardly ever run are in sections of another name, and stay behind.
    assert placed.index(False) > 0.9 * placed.count(True)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("edge_call_step", "edge_call_step"),
        (
            "_RNvMNtNtCskKG212rRagv_18pulley_interpreter6interp10match_loopNtB4_11Interpreter3run",
            "_RNvMNtNtCs*_18pulley_interpreter6interp10match_loopNtB*_11Interpreter3run",
        ),
    ],
)
def test_names_without_what_another_version_changes(name: str, pattern: str) -> None:
    script = layout.script([name], [])
    assert f".text.load : {{\n    *(.text.{pattern})\n  }}" in script
    assert fnmatchcase(name, pattern)
