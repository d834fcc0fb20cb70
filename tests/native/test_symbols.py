"""What the native library lets others call: the functions of edge.h, one of which loads code."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HEADER = (ROOT / "native" / "edge.h").read_text()
DECLARED = set(re.findall(r"\b(edge_\w+)\(", HEADER))


def exported(library: str) -> set[str]:
    command = ["nm", "--dynamic", "--defined-only", "--format=posix", library]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


def test_it_exports_what_the_header_declares_and_nothing_else() -> None:
    assert exported(os.environ["EDGE_LIBRARY"]) == DECLARED


def test_one_function_makes_a_plugin() -> None:
    plain = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
    makers = [
        name for name, words in re.findall(r"(edge_\w+)\(([^;]*)\);", plain) if "edge_plugin **" in words
    ]
    assert makers == ["edge_plugin_load"]


def test_deserialising_stands_in_one_place() -> None:
    found = [
        path.name
        for path in sorted((ROOT / "native" / "src").rglob("*.rs"))
        for line in path.read_text().splitlines()
        if re.search(r"\bdeserialize|\bComponent::(new|from_)|\bModule::(new|from_)", line)
        and not line.lstrip().startswith(("//", "///"))
    ]
    assert found == ["load.rs"]
