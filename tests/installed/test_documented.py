"""docs/python.md: its blocks run as they stand, and its table of errors is the tree of errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.store import status

PAGE = Path(__file__).resolve().parents[2] / "docs/python.md"
TEXT = PAGE.read_text()


def test_its_blocks_run_one_after_another(
    package: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "cron-next-1.0.0.edge").write_bytes(package("cron-next").read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    for line in (
        "installed 1.0.0 True",
        "enabled",
        "{'utc_offset_minutes': 60}",
        "no previous release",
    ):
        assert line in printed


def test_each_error_is_of_the_kind_that_its_row_names() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
    assert len(rows) == 5
    for kind, row in rows.items():
        for name in re.findall(r"`(\w+)`", row):
            assert issubclass(getattr(errors, name), getattr(errors, kind)), (kind, name)


def test_its_states_are_those_that_there_are() -> None:
    states = re.findall(r"^\| ([a-z]+) \| ", TEXT, re.MULTILINE)
    assert set(states) - {"state", "error"} == {
        status.ENABLED,
        status.DISABLED,
        status.REVOKED,
        status.REFUSED,
        status.DAMAGED,
        status.UNKNOWN,
    }
