from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from edge.policy import change
from tests.store.conftest import empty, packed, put

__all__ = ["empty", "packed", "put"]

Edge = Callable[..., Any]
Put = Callable[..., Any]


def said(tmp_path: Path, **changes: Any) -> Path:
    """What a library says of itself that differs from this one."""
    path = tmp_path / "library.json"
    path.write_text(json.dumps({**native.about(), **changes}))
    return path


def other_fingerprint() -> dict[str, str]:
    about = native.about()
    return {**about["fingerprints"], about["engine"]: "0123456789abcdef"}


def test_this_library_loads_what_it_installed(edge: Edge, put: Put) -> None:
    put(1)
    put(2, version="1.1.0")
    ran = edge("audit", "--engine")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "faults 1.1.0 (current): loads",
        "faults 1.0.0 (kept): loads",
        "2 releases, 0 of them would not load",
    ]


def test_what_is_refused_with_any_library_is_told_apart(edge: Edge, put: Put) -> None:
    put(1)
    change.set_level("strict")
    ran = edge("audit", "--engine")
    assert (ran.status, "loads; refused here with any library: it is signed" in ran.out) == (0, True)


def test_a_library_is_asked_in_a_process_of_its_own(edge: Edge, put: Put, tmp_path: Path) -> None:
    put(1)
    other = tmp_path / "other.so"
    other.write_bytes(Path(os.environ["EDGE_LIBRARY"]).read_bytes())
    ran = edge("audit", "--engine", other, "--json")
    assert (ran.status, ran.document["ok"], ran.document["library"]) == (0, True, str(other))
    assert ran.document["engine"] == native.about()["engine"]
    assert str(other) not in Path("/proc/self/maps").read_text()


def test_what_edge_version_says_is_enough(edge: Edge, put: Put, tmp_path: Path) -> None:
    put(1)
    path = tmp_path / "about.json"
    path.write_text(edge("--version", "--json").out)
    assert edge("audit", "--engine", path).status == 0


def test_what_another_library_would_not_load_is_named(edge: Edge, put: Put, tmp_path: Path) -> None:
    put(1)
    put(1, name="other")
    ran = edge("audit", "--engine", said(tmp_path, fingerprints=other_fingerprint()))
    assert (ran.status, ran.err) == (1, "")
    lines = ran.out.splitlines()
    for line, name in zip(lines, ("faults", "other")):
        assert line.startswith(f"{name} 1.0.0 (current): WOULD NOT LOAD: its code for ")
        assert line.endswith("the library requires 0123456789abcdef")
    assert lines[2] == "2 releases, 2 of them would not load"
    assert "Keep the current library" in ran.out
    document = edge("audit", "--engine", said(tmp_path, fingerprints=other_fingerprint()), "--json").document
    assert (document["ok"], bool(document["remedy"])) == (False, True)
    assert {release["plugin"] for release in document["releases"] if release["problem"]} == {
        "faults",
        "other",
    }


def test_a_library_for_another_cpu_would_load_nothing(edge: Edge, put: Put, tmp_path: Path) -> None:
    put(1)
    ran = edge("audit", "--engine", said(tmp_path, engine="pulley32", interpreted="pulley32"))
    assert ran.status == 1
    assert "the library executes pulley32" in ran.out


def test_code_that_is_interpreted_here_is_judged_as_that(edge: Edge, put: Put, tmp_path: Path) -> None:
    put(1, engines=[native.about()["interpreted"]])
    assert edge("audit", "--engine", said(tmp_path, fingerprints=other_fingerprint())).status == 0


@pytest.mark.parametrize(
    "contents", [b"", b"text", b"[]", b"{}", b'{"fingerprints": 1}', b'{"fingerprints": {"x86_64": 1}}']
)
def test_what_is_no_library_is_wrong_usage(edge: Edge, tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "file").write_bytes(contents)
    ran = edge("audit", "--engine", tmp_path / "file")
    assert (ran.status, ran.out) == (2, "")
    assert "edge --version --json" in ran.err


def test_a_library_that_can_not_be_asked_is_this_machines_fault(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "libedge.so").write_bytes(b"\x7fELF and nothing more")
    ran = edge("audit", "--engine", tmp_path / "libedge.so")
    assert (ran.status, ran.out) == (5, "")
    assert "libedge.so cannot be run here: " in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [["a", "b"], ["--log"], ["--verify"], ["/nowhere"]])
def test_wrong_usage(edge: Edge, words: list[str]) -> None:
    ran = edge("audit", "--engine", *words)
    assert (ran.status, ran.out) == (2, "")
