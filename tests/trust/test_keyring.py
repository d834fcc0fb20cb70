from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from edge import audit, errors
from edge._native import making
from edge.files import folders
from edge.trust import key_file, keyring
from tests.support import home

PASSPHRASE = b"correct horse"


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.move(monkeypatch, tmp_path)


def nobody(_: str) -> bytes:
    raise AssertionError("asked for a passphrase")


def path_of(name: str) -> Path:
    return Path(keyring.folder()) / f"{name}.key"


def test_a_key_is_found_by_its_name() -> None:
    made = keyring.make("office")
    assert (keyring.find("office").public, made.locked) == (made.public, False)
    assert making.public_key(keyring.seed_of("office", nobody)) == made.public


def test_keys_are_for_their_owner_only() -> None:
    keyring.make("office")
    assert path_of("office").stat().st_mode & 0o777 == 0o600
    assert path_of("office").parent.stat().st_mode & 0o777 == 0o700
    path_of("office").chmod(0o640)
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner"):
        keyring.seed_of("office", nobody)


def test_behind_a_passphrase_the_public_half_is_known_and_the_seed_is_not() -> None:
    made = keyring.make("office", PASSPHRASE)
    assert keyring.find("office").locked
    asked: list[str] = []

    def ask(name: str) -> bytes:
        asked.append(name)
        return PASSPHRASE

    seed = keyring.seed_of("office", ask)
    assert asked == ["office"]
    assert making.public_key(seed) == made.public == keyring.find("office").public
    assert seed not in path_of("office").read_bytes()


@pytest.mark.parametrize("wrong", [b"", b"correct horsE", PASSPHRASE + b" "])
def test_another_passphrase_does_not_open_it(wrong: bytes) -> None:
    keyring.make("office", PASSPHRASE)
    with pytest.raises(errors.Refused, match="does not open"):
        keyring.seed_of("office", lambda _: wrong)


def test_the_same_passphrase_makes_another_file_each_time() -> None:
    keyring.make("a", PASSPHRASE)
    keyring.make("b", PASSPHRASE)
    one, two = path_of("a").read_bytes(), path_of("b").read_bytes()
    assert one[11:27] != two[11:27]


def test_a_public_key_that_was_swapped_does_not_open() -> None:
    keyring.make("a", PASSPHRASE)
    other = keyring.make("b", PASSPHRASE).public
    content = path_of("a").read_bytes()
    path_of("a").write_bytes(content[:27] + other + content[59:])
    with pytest.raises(errors.Refused, match="does not open"):
        keyring.seed_of("a", lambda _: PASSPHRASE)


@pytest.mark.parametrize(
    "cost", [(255, 8, 1), (15, 255, 1), (15, 8, 255), (20, 16, 1), (0, 8, 1), (15, 0, 1)]
)
def test_a_file_that_asks_for_too_much_work_is_refused(cost: tuple[int, int, int]) -> None:
    keyring.make("a", PASSPHRASE)
    content = bytearray(path_of("a").read_bytes())
    content[8:11] = cost
    path_of("a").write_bytes(content)
    with pytest.raises(errors.EnvironmentFault, match="more work"):
        keyring.seed_of("a", lambda _: PASSPHRASE)


def test_a_key_is_never_replaced() -> None:
    first = keyring.make("office")
    with pytest.raises(errors.UsageError, match="already"):
        keyring.make("office")
    assert keyring.find("office").public == first.public


@pytest.mark.parametrize("name", ["", "local", "secrets", "../up", "A", ".hidden", "a/b", "ab" * 32])
def test_names_that_no_key_may_have(name: str) -> None:
    with pytest.raises(errors.UsageError):
        keyring.make(name)


def test_the_key_of_secrets_is_no_signing_key() -> None:
    from edge.store import secrets

    home.pretend("weather")
    secrets.set_secret("weather", "token", "x")
    assert keyring.every() == ([], [])
    with pytest.raises(errors.UsageError):
        keyring.find("secrets")


def test_this_machines_own_key_is_listed() -> None:
    key_file.local_seed()
    keyring.make("office")
    assert [key.name for key in keyring.every()[0]] == ["local", "office"]
    assert keyring.find("local").public == key_file.local_public()


@pytest.mark.parametrize("passphrase", [b"", b"correct horse"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:-1],
        lambda raw: bytes(len(raw)),
        lambda raw: raw[:-8] + bytes(8),
    ],
)
def test_a_key_that_a_power_cut_damaged_is_none(passphrase: bytes, damage: Callable[[bytes], bytes]) -> None:
    keyring.make("office", passphrase)
    path_of("office").write_bytes(damage(path_of("office").read_bytes()))
    with pytest.raises(errors.KeyDamaged, match=r"office\.key is not a valid signing key") as caught:
        keyring.find("office")
    assert "edge key new" in caught.value.remedy
    with pytest.raises(errors.KeyDamaged):
        keyring.seed_of("office", lambda _: passphrase)


def test_one_damaged_key_hides_no_other() -> None:
    keyring.make("office")
    keyring.make("home")
    path_of("home").write_bytes(b"short")
    found, problems = keyring.every()
    assert [key.name for key in found] == ["office"]
    assert len(problems) == 1
    assert "home.key" in problems[0]


def test_a_key_behind_a_link_is_not_used_and_not_replaced(tmp_path: Path) -> None:
    keyring.make("office")
    path_of("office").rename(tmp_path / "elsewhere")
    path_of("office").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.EnvironmentFault, match="is a link"):
        keyring.seed_of("office", nobody)
    with pytest.raises(errors.UsageError, match="already"):
        keyring.make("office")
    assert path_of("office").is_symlink()


def test_of_those_who_make_a_key_of_one_name_one_succeeds() -> None:
    program = (
        "from edge import errors\nfrom edge.trust import keyring\n"
        "try: print(keyring.make('office').public.hex())\n"
        "except errors.UsageError: print('there is one')"
    )
    root = Path(__file__).resolve().parent.parent.parent
    command = [sys.executable, "-c", program]
    started = [
        subprocess.Popen(command, cwd=root, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = [process.communicate()[0].strip() for process in started]
    assert sorted(said, key=len)[:-1] == ["there is one"] * 5
    assert keyring.find("office").public.hex() in said


def test_making_a_key_is_told_without_it(tmp_path: Path) -> None:
    made = keyring.make("office")
    (entry,) = audit.entries()
    assert (entry["event"], entry["name"], entry["key"]) == ("key", "office", made.public.hex())
    seed = keyring.seed_of("office", nobody)
    assert all(
        seed.hex().encode() not in path.read_bytes() for path in (tmp_path / "data/edge/audit").iterdir()
    )


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), b"EDGEKEY1"])
def test_what_is_no_key_is_not_used(content: bytes) -> None:
    folders.make(keyring.folder(), 0o700)
    path_of("odd").write_bytes(content)
    path_of("odd").chmod(0o600)
    with pytest.raises(errors.EnvironmentFault, match="not a valid signing key"):
        keyring.seed_of("odd", nobody)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_full_disk_leaves_no_half_key() -> None:
    folder = Path(keyring.folder())
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], check=True)
    try:
        (folder / "filler").write_bytes(bytes(4096))
        with pytest.raises(errors.DiskFull):
            keyring.make("office", PASSPHRASE)
        assert os.listdir(folder) == ["filler"]
    finally:
        subprocess.run(["umount", folder], check=True)
