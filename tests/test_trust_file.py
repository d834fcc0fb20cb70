from __future__ import annotations

from pathlib import Path

import pytest

from edge import audit, errors, trust, trust_file
from tests import home

KEY = bytes(range(32))
OTHER = bytes(range(32, 64))


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.move(monkeypatch, tmp_path)


def text() -> str:
    return Path(trust.operator_path()).read_text()


def test_other_lines_and_remarks_stay_as_they_are() -> None:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    before = f"# the office's\n\n  {trust.line(OTHER, 'office')}wasmtime 48.0.1 # for a reason\n"
    path.write_text(before)
    path.chmod(0o644)
    trust_file.add(KEY, "home")
    assert text() == before + trust.line(KEY, "home")


def test_a_key_has_one_line() -> None:
    trust_file.add(KEY, "home", ["weather"])
    trust_file.add(KEY, "at home", ["pump-*"])
    (entry,) = trust.entries()
    assert (entry.label, entry.plugins) == ("at home", ("pump-*",))


def test_what_is_revoked_comes_back_only_when_that_is_said() -> None:
    trust_file.add(KEY, "home")
    trust_file.revoke("ed25519", KEY.hex(), "lost")
    assert trust.entries() == []
    assert trust_file.revocations() == [("ed25519", KEY.hex(), "lost")]
    with pytest.raises(errors.UsageError, match="was revoked"):
        trust_file.add(KEY, "home")
    trust_file.add(KEY, "home", again=True)
    assert trust_file.revocations() == []
    assert list(trust.labels()) == [KEY]


def test_there_is_one_floor() -> None:
    assert trust_file.floor() == ""
    trust_file.set_floor("48.0.1")
    trust_file.set_floor("48.0.8")
    assert trust_file.floor() == "48.0.8"
    assert text().count("wasmtime") == 1


def test_every_change_is_told() -> None:
    trust_file.add(KEY, "home", ["weather"])
    trust_file.revoke("sha256", "ab" * 32, "bad")
    trust_file.set_floor("48.0.8")
    assert [entry["act"] for entry in audit.entries()] == ["trust", "revoke", "floor"]


def test_a_file_that_means_nothing_is_not_changed() -> None:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text("trust everybody\n")
    path.chmod(0o644)
    with pytest.raises(errors.EnvironmentFault, match="line 1"):
        trust_file.add(KEY, "home")
    assert text() == "trust everybody\n"
