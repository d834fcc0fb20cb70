"""What doctor says of small files; tests/faults/commands/test_states.py has every file in every state."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import trust
from edge.doctor.finding import Finding
from edge.policy import change
from edge.policy import file as policy_file

Check = Callable[[str], Finding]
NEW = ("files", "registry", "configuration", "secrets", "bundle")


def test_where_nothing_is_kept_nothing_is_wrong_or_made(finding: Check, empty: Path) -> None:
    before = sorted(empty.rglob("*"))
    assert [finding(name).status for name in NEW] == ["pass"] * len(NEW)
    assert sorted(empty.rglob("*")) == before


def test_what_root_left_in_a_users_home(
    finding: Check, empty: Path, put: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    assert finding("files").status == "pass"
    owner = empty.stat().st_uid
    monkeypatch.setattr("edge.doctor.kept._is_roots", lambda path: path == str(empty / "audit"))
    found = finding("files")
    assert (found.status, found.found) == ("fail", f"{empty / 'audit'} belongs to root")
    assert f"sudo chown -R {owner} {empty / 'audit'}" in found.remedy


def test_a_policy_that_was_there(finding: Check, empty: Path) -> None:
    assert empty
    change.set_level("strict")
    assert finding("files").status == "pass"
    Path(policy_file.default_path()).unlink()
    found = finding("files")
    assert (found.status, "policy.json is missing, and its settings no longer apply" in found.found) == (
        "warn",
        True,
    )
    Path(f"{policy_file.default_path()}.lock").unlink()
    assert finding("files").status == "pass"


def test_trust_that_may_have_been_cut_short(finding: Check, empty: Path) -> None:
    """Within a label, where every line that is left still means something."""
    assert empty
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text(trust.line(bytes(range(32)), "somebody").rstrip("\n"))
    path.chmod(0o600)
    found = finding("files")
    assert (found.status, "may be truncated" in found.found) == ("warn", True)
    assert finding("trust").status == "pass"
