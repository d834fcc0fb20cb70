from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from edge import files, trust
from edge.doctor.finding import Finding
from edge.policy import change
from edge.trust import key_file

Check = Callable[[str], Finding]

KEY = bytes(range(32))


@pytest.fixture
def trusted(empty: Path) -> Path:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text(trust.line(KEY, "somebody"))
    path.chmod(0o600)
    assert empty
    return path


def test_this_machines_key(finding: Check, empty: Path) -> None:
    public = key_file.local_public()
    assert public is not None
    assert (finding("keys").status, public.hex()[:16] in finding("keys").found) == ("pass", True)
    (empty / "keys" / "local.key").unlink()
    assert finding("keys").status == "pass"
    (empty / "keys").rmdir()
    assert "no key yet" in finding("keys").found


def test_no_place_for_keys(finding: Check, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("HOME", raising=False)
    # The folder it is called in is none of Edge's, whoever reaches that.
    monkeypatch.chdir(empty)
    empty.chmod(0o755)
    found = finding("keys")
    assert (found.status, found.remedy) == ("fail", files.SET_ONE)
    assert "no place for keys" in found.found


@pytest.mark.parametrize("name", ["", "local.key", "other.key"])
def test_keys_that_others_reach(finding: Check, empty: Path, name: str) -> None:
    path = empty / "keys" / name
    if name == "other.key":
        path.write_bytes(KEY)
    path.chmod(0o750)
    found = finding("keys")
    assert (found.status, str(path) in found.found) == ("fail", True)
    assert "chmod go-rwx" in found.remedy


def test_a_key_that_is_none(finding: Check, empty: Path) -> None:
    (empty / "keys" / "local.key").write_bytes(b"short")
    found = finding("keys")
    assert (found.status, "not a valid signing key" in found.found, bool(found.remedy)) == (
        "fail",
        True,
        True,
    )


def test_who_is_trusted(finding: Check, trusted: Path) -> None:
    assert trusted.exists()
    found = finding("trust")
    assert (found.status, found.found) == ("pass", "2 trusted: somebody, this machine")


def test_nobody_is_trusted(finding: Check, empty: Path) -> None:
    (empty / "keys" / "local.key").unlink()
    found = finding("trust")
    assert (found.status, found.remedy) == ("warn", "Trust a key: `edge key trust KEY`")


def test_a_line_that_means_nothing(finding: Check, trusted: Path) -> None:
    with trusted.open("a") as file:
        file.write("ed25519 short\n")
    found = finding("trust")
    assert (found.status, f"{trusted}: " in found.found, bool(found.remedy)) == ("fail", True, True)
    assert "line 2" in found.found


def test_trust_that_others_may_write(finding: Check, trusted: Path) -> None:
    trusted.chmod(0o666)
    found = finding("trust")
    assert (found.status, "chmod go-w" in found.remedy) == ("fail", True)


def test_keys_that_do_not_count_at_the_level_of_the_device(finding: Check, empty: Path) -> None:
    assert empty
    change.set_level("strict")
    found = finding("trust")
    assert (found.status, "no key counts at level strict" in found.found) == ("warn", True)


@pytest.mark.parametrize(
    "place", ["config", "config/edge", "data/edge", "data/edge/keys", "data/edge/store/plugins"]
)
def test_folders_in_which_others_replace_files(finding: Check, trusted: Path, place: str) -> None:
    path = trusted.parent.parent.parent / place
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    assert finding("folders").status == "pass"
    path.chmod(0o777)
    found = finding("folders")
    assert (found.status, found.found.startswith(f"{path}: ")) == ("fail", True)
    assert found.remedy.startswith(f"`chmod go-w {path}`")
