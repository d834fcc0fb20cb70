"""Manifests: any text is either a manifest or refused with lines that it has."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from edge import errors, manifest
from edge.manifest.parse import parse

KEYS = (
    *(
        "name",
        "version",
        "description",
        "author",
        "wasm_path",
        "capabilities",
        "permissions",
        "config_schema",
    ),
    *("signature", "publisher_key", "edge", "edge.limits", "edge.tools", "edge.http", "edge.kv", "unknown"),
)
VALUES = (
    '"plugin"',
    '"1.2.3"',
    '["tool"]',
    '["http_client"]',
    "{}",
    "[]",
    "7",
    "-1",
    "nan",
    "true",
    '"\\u001b[2J"',
)
WHOLE = """name = "plugin"
version = "1.2.3"
description = "Does something"
author = "Somebody"
wasm_path = "plugin.wasm"
capabilities = ["tool"]
permissions = ["http_client"]

[config_schema]
type = "object"
"""

lines = st.one_of(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)).map(" = ".join),
    st.sampled_from(KEYS).map(lambda key: f"[{key}]"),
    st.sampled_from(KEYS).map(lambda key: f"[[{key}]]"),
    st.sampled_from(WHOLE.splitlines()),
    st.text(max_size=20),
)


@given(st.lists(lines, max_size=12), st.sampled_from([manifest.OWN, manifest.FOREIGN]))
def fuzz_lines(many: list[str], strictness: str) -> None:
    check("\n".join(many), strictness)
    check(WHOLE + "\n".join(many), strictness)


@given(st.integers(0, len(WHOLE)), st.integers(0, 20), st.text(max_size=10))
def fuzz_changes(at: int, removed: int, inserted: str) -> None:
    for strictness in (manifest.OWN, manifest.FOREIGN):
        check(WHOLE[:at] + inserted + WHOLE[at + removed :], strictness)


@given(st.binary(max_size=100) | st.sampled_from([b"a=" + b"[" * 5000, b"[a]\n" * 5000, b"a" * (2 << 20)]))
def fuzz_bytes(contents: bytes) -> None:
    check(contents, manifest.OWN)


def check(text: str | bytes, strictness: str) -> None:
    """That it is taken, and survives being kept; or refused, with lines that there are."""
    count = len(text.splitlines()) + 1
    try:
        found = parse(text, strictness=strictness)
    except errors.BadManifest as error:
        assert all(1 <= int(line) <= count for line in re.findall(r"line (\d+):", error.message))
        return
    compiled = found.compiled()
    assert manifest.Manifest.from_compiled(compiled).compiled() == compiled
