from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from edge import audit

Lines = list[bytes]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda x: x[:2] + x[3:], "line 3: entry 3 is missing"),
        (lambda x: x[:1] + x[4:], "line 2: entries 2 to 4 are missing"),
        (lambda x: x[2:], "line 1: entries 1 to 2 are missing"),
        (lambda x: [x[1], x[0], *x[2:]], "line 1: entry 1 is missing"),
        (lambda x: [*x[:3], x[1], *x[3:]], "line 4: entry 2 is out of order after entry 3"),
        (
            lambda x: [x[0], x[1].replace(b'"at": 1', b'"at": 7'), *x[2:]],
            "line 3: entry 3 does not match entry 2",
        ),
        (
            lambda x: [x[0].replace(b'"prev": "0', b'"prev": "1'), *x[1:]],
            "entry 1 refers to an earlier entry",
        ),
        (lambda x: [*x[:2], b"gone\n", *x[3:]], "line 3: entry 3, expected here,"),
        (lambda x: [*x[:2], b"\n", *x[3:]], "line 3: entry 3, expected here,"),
        (lambda x: [*x[:2], b"[]\n", *x[4:]], "line 4: entry 4 is missing"),
    ],
)
def test_what_was_done_to_the_log_is_named(
    folder: Path, change: Callable[[Lines], Lines], problem: str
) -> None:
    for at in range(5):
        audit.append({"event": "test", "at": at})
    path = folder / "log"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    assert problem in "\n".join(audit.verify())


def test_a_file_that_was_taken_away_is_missed(small: Path) -> None:
    for at in range(20):
        audit.append({"event": "test", "at": at})
    (small / "log.2").unlink()
    (problem,) = audit.verify()
    assert problem.startswith("log.1, line 1: entries ")
    (small / "log.3").unlink()
    (problem,) = audit.verify()
    assert problem.startswith("log.1, line 1: entries 1 to ")


@pytest.mark.parametrize("kept", [0, 2])
def test_an_end_that_was_taken_away_is_missed_by_what_came_after_it(folder: Path, kept: int) -> None:
    for at in range(5):
        audit.append({"event": "test", "at": at})
    audit.append({"event": "denied", "plugin": "weather"})
    assert audit.verify() == []
    path = folder / "log"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))
    if not kept:
        path.unlink()
    assert audit.verify() == [f"log: entries {kept + 1} to 5 are missing at its end"]


def test_an_entry_that_was_damaged_is_not_missed_twice(folder: Path) -> None:
    audit.append({"event": "test"})
    audit.append({"event": "used", "plugin": "weather"})
    (folder / "log").write_bytes(b"x\n")
    assert audit.verify() == ["log, line 1: entry 1, expected here, is damaged or changed"]
