from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

from edge.operations.inspect import facts_of
from edge.policy import change


def facts(path: Path) -> dict[str, Any]:
    fd = os.open(path, os.O_RDONLY)
    try:
        return facts_of(fd, str(path))
    finally:
        os.close(fd)


def test_whether_a_signer_counts_goes_by_the_level_that_would_hold_for_the_plugin(
    packed: Callable[..., Path],
) -> None:
    path = packed()
    assert (facts(path)["kind"], facts(path)["trusted"]) == ("package", True)
    change.set_level("strict", "faults")
    found = facts(path)
    assert (found["trusted"], found["level_here"], found["signer_name"]) == (False, "strict", "this machine")


@pytest.mark.parametrize(
    ("contents", "kind"),
    [(b"text", "neither WebAssembly nor an artifact"), (b"\0asm\1\0\0\0rest", "damaged WebAssembly")],
)
def test_what_edge_could_never_use_has_a_problem_without_the_files_name(
    tmp_path: Path, contents: bytes, kind: str
) -> None:
    path = tmp_path / "a"
    path.write_bytes(contents)
    found = facts(path)
    assert (found["kind"], bool(found["problem"])) == (kind, True)
    assert not found["problem"].startswith("a: ")
