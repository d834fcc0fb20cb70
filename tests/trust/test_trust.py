from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import errors, trust
from edge.trust import held, key_file, lines
from tests.support.home import move

KEY = bytes(range(32))
OTHER = bytes(range(32, 64))
SIGNS = "#=:\uff1d\uff1a\ufe66\ufe55\u2236\ua789"
letters = st.characters(exclude_categories=["C", "Z"], exclude_characters=SIGNS)
labels = st.text(letters, min_size=1).filter(lambda label: label.lower() not in ("plugin", "plugins"))
plugins = st.lists(st.from_regex(r"[a-z]([a-z0-9-]{0,8}(\*|[a-z]))?", fullmatch=True), max_size=3)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    move(monkeypatch, tmp_path)
    return tmp_path


def operator_says(text: str) -> Path:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    return path


@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.tuples(labels, plugins)))
def test_what_is_written_as_lines_is_read_again(trusted: dict[bytes, tuple[str, list[str]]]) -> None:
    operator_says("# trusted here\n\n" + "".join(trust.line(key, *said) for key, said in trusted.items()))
    found = {entry.public: (entry.label, list(entry.plugins)) for entry in held.entries()}
    assert found == trusted


@pytest.mark.parametrize(
    "line",
    [
        "rsa " + "00" * 32,
        "ed25519",
        "ed25519 " + "00" * 31,
        "ed25519 " + "zz" * 32,
        "ed25519 " + "00 " * 32,
        "revoked",
        "revoked ed25519",
        "revoked sha256 12",
        "revoked nothing " + "00" * 32,
        "wasmtime 48",
        "wasmtime 48.0.8.1",
        "wasmtime new",
        "release -1",
        "release two",
        "plugin",
        "plugin a b",
        "plugin a\nplugin b",
        "ed25519 " + "00" * 32 + " plugins=",
        "ed25519 " + "00" * 32 + " plugins=a,,b",
        "plugin a",
        "release 5",
        "operator",
    ],
)
def test_a_line_that_says_nothing_is_named_with_its_file(line: str) -> None:
    path = operator_says(f"# first\n{line}\n")
    with pytest.raises(errors.EnvironmentFault, match=f"^{path}: line [23] of trust: "):
        held.check_all()


@given(st.text())
def test_any_text_means_something_or_is_refused(text: str) -> None:
    try:
        lines.parse(text.encode("utf-8", "surrogatepass"), "trusted.keys")
    except errors.EnvironmentFault as error:
        assert error.message.startswith("trusted.keys: ")


def test_a_machine_without_keys_trusts_nobody() -> None:
    assert (trust.text(), held.entries()) == (b"", [])


def test_a_machine_trusts_its_own_key() -> None:
    key_file.local_seed()
    assert held.labels() == {key_file.local_public(): "this machine"}


def test_a_file_that_others_can_write_is_not_believed() -> None:
    operator_says(trust.line(KEY, "office")).chmod(0o666)
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner") as caught:
        trust.text()
    assert "chmod go-w" in caught.value.remedy


def test_keys_that_the_operator_added_are_neither_this_machines_nor_a_bundles() -> None:
    key_file.local_seed()
    assert held.entries(operator_only=True) == []
    operator_says(trust.line(KEY, "office"))
    assert [entry.public for entry in held.entries(operator_only=True)] == [KEY]


def test_a_revoked_key_is_not_listed_whatever_other_lines_say() -> None:
    operator_says(trust.line(KEY, "office") + trust.line(OTHER, "home") + f"revoked ed25519 {KEY.hex()} lost")
    assert list(held.labels()) == [OTHER]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_believed() -> None:
    os.chown(operator_says(trust.line(KEY, "office")), 12345, -1)
    with pytest.raises(errors.EnvironmentFault, match="belongs to user 12345"):
        trust.text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_a_bundle_brings_belongs_to_whom_the_bundle_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "BUNDLED", str(tmp_path / "trusted.keys"))
    (tmp_path / "trusted.keys").write_text(trust.line(KEY, "bundle"))
    (tmp_path / "trusted.keys").chmod(0o644)
    os.chown(tmp_path / "trusted.keys", 12345, -1)
    assert [entry.label for entry in held.entries()] == ["bundle"]


def test_the_operators_file_may_be_behind_a_link(tmp_path: Path) -> None:
    path = operator_says(trust.line(KEY, "office"))
    path.rename(tmp_path / "dotfiles.keys")
    path.symlink_to(tmp_path / "dotfiles.keys")
    assert [entry.label for entry in held.entries()] == ["office"]


def test_what_a_bundle_revokes_is_revoked_at_every_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "BUNDLED", str(tmp_path / "trusted.keys"))
    operator_says(trust.line(KEY, "office"))
    path = tmp_path / "trusted.keys"
    path.write_text(f"{trust.line(OTHER, 'bundle')}wasmtime 48.0.8\nrevoked ed25519 {KEY.hex()} lost\n")
    path.chmod(0o644)
    assert held.entries(operator_only=True) == []
    told = trust.text(operator_only=True).decode()
    assert (OTHER.hex() in told, "wasmtime 48.0.8" in told, f"revoked ed25519 {KEY.hex()}" in told) == (
        False,
        True,
        True,
    )
