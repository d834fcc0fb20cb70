from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import errors, keys

KEY = bytes(range(32))
names = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="#"), min_size=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    places = {"HOME": "", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
    found = {name: str(tmp_path / place) for name, place in places.items()}
    monkeypatch.setattr("edge.files.environment", lambda name: found.get(name, ""))
    return tmp_path


def trust(home: Path, text: str) -> Path:
    path = home / "config" / "edge" / "trusted.keys"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o644)
    return path


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), names)))
def test_what_is_written_as_lines_is_read_again(trusted: list[tuple[bytes, str]]) -> None:
    text = "# trusted here\n\n" + "".join(keys.line(key, name) for key, name in trusted)
    assert list(keys.parse(text, "trusted.keys")) == trusted


@given(st.text())
def test_any_other_text_is_read_or_refused_with_its_line(text: str) -> None:
    try:
        for key, _ in keys.parse(text, "trusted.keys"):
            assert len(key) == 32
    except errors.EnvironmentFault as error:
        assert error.message.startswith("trusted.keys, line ")


@pytest.mark.parametrize(
    "line", ["rsa " + "00" * 32, "ed25519", "ed25519 " + "00" * 31, "ed25519 " + "zz" * 32]
)
def test_a_line_that_is_no_key_is_named(line: str) -> None:
    with pytest.raises(errors.EnvironmentFault, match="^keys, line 2: "):
        list(keys.parse(f"# first\n{line}\n", "keys"))


def test_spaces_within_a_hexadecimal_key_are_refused() -> None:
    with pytest.raises(errors.EnvironmentFault):
        list(keys.parse("ed25519 " + "00 " * 32, "keys"))


def test_a_machine_without_keys_trusts_nobody() -> None:
    assert keys.trusted() == []


def test_keys_of_the_configuration_are_trusted(home: Path) -> None:
    trust(home, keys.line(KEY, "office"))
    assert keys.names_of_trusted() == {KEY: "office"}


def test_a_file_that_others_can_write_is_not_believed(home: Path) -> None:
    trust(home, keys.line(KEY, "office")).chmod(0o666)
    with pytest.raises(errors.EnvironmentFault, match="others than its owner") as caught:
        keys.trusted()
    assert "chmod go-w" in caught.value.remedy


def test_a_machine_makes_its_own_key_once_and_trusts_it(home: Path) -> None:
    seed = keys.local_seed()
    assert keys.local_seed() == seed
    assert keys.names_of_trusted() == {keys.local_public(): "this machine"}
    path = home / "data" / "edge" / "keys" / "local.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["local.key"]


def test_a_signing_key_that_others_can_read_is_not_used(home: Path) -> None:
    keys.local_seed()
    (home / "data" / "edge" / "keys" / "local.key").chmod(0o640)
    with pytest.raises(errors.EnvironmentFault, match="others than its owner"):
        keys.local_seed()


def test_a_signing_key_of_another_length_is_not_used(home: Path) -> None:
    keys.local_seed()
    (home / "data" / "edge" / "keys" / "local.key").write_bytes(b"short")
    with pytest.raises(errors.EnvironmentFault, match="5 bytes"):
        keys.local_seed()


def test_processes_that_start_together_agree_on_one_key(home: Path) -> None:
    code = "from edge import keys; print(keys.local_seed().hex())"
    environment = {"XDG_DATA_HOME": str(home / "data"), "EDGE_LIBRARY": os.environ["EDGE_LIBRARY"]}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        for _ in range(8)
    ]
    seeds = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 8
    assert len(seeds) == 1


def test_without_a_home_there_is_no_place_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.files.environment", lambda _: "")
    assert keys.trusted() == []
    with pytest.raises(errors.EnvironmentFault, match="HOME"):
        keys.local_seed()


def test_a_relative_xdg_folder_is_ignored(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"HOME": str(home), "XDG_DATA_HOME": "data"}
    monkeypatch.setattr("edge.files.environment", lambda name: found.get(name, ""))
    assert keys.local_path() == f"{home}/.local/share/edge/keys/local.key"


def test_keys_that_the_operator_added_are_neither_this_machines_nor_a_bundles(home: Path) -> None:
    keys.local_seed()
    assert keys.added() == []
    trust(home, keys.line(KEY, "office"))
    assert keys.added() == [KEY]
