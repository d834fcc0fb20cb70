from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge import _native as native
from edge import audit, errors, trust
from edge._native import making
from edge.store import secrets
from edge.store.secrets import StoredSecrets
from edge.trust import key_file
from tests.support import home

SEED = bytes(range(32))
CANARY = "s3cret-canary-ü"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home.move(monkeypatch, tmp_path)
    home.pretend("weather")
    return tmp_path / "data" / "edge"


def test_what_is_set_is_read_by_its_plugin() -> None:
    secrets.set_secret("weather", "token", CANARY)
    found = StoredSecrets("weather", ["token", "other"])
    assert (found["token"], found["other"]) == (CANARY, None)
    assert ("token" in found, "other" in found, "none" in found) == (True, True, False)
    with pytest.raises(KeyError):
        found["none"]
    assert (len(found), sorted(found)) == (2, ["other", "token"])


def test_it_stands_nowhere_in_the_open(data: Path) -> None:
    secrets.set_secret("weather", "token", CANARY)
    for path in data.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path
    assert CANARY not in repr(StoredSecrets("weather", ["token"]))
    assert CANARY not in str(list(audit.entries()))
    assert list(audit.entries())[-1]["property"] == "token"


def test_the_same_value_is_sealed_otherwise_each_time(data: Path) -> None:
    secrets.set_secret("weather", "token", CANARY)
    first = (data / "secrets" / "weather.json").read_bytes()
    secrets.set_secret("weather", "token", CANARY)
    assert (data / "secrets" / "weather.json").read_bytes() != first


def test_a_value_moved_to_another_plugin_or_property_does_not_open(data: Path) -> None:
    secrets.set_secret("weather", "token", CANARY)
    folder = data / "secrets"
    text = (folder / "weather.json").read_text()
    for name, moved in (("other", text), ("weather", text.replace("token", "user"))):
        (folder / f"{name}.json").write_text(moved)
        (folder / f"{name}.json").chmod(0o600)
        with pytest.raises(errors.BadSeal) as caught:
            StoredSecrets(name, ["token", "user"])["token" if name == "other" else "user"]
        assert CANARY not in str(caught.value)


def test_names_and_properties_do_not_run_into_one_another(data: Path) -> None:
    home.pretend("a")
    secrets.set_secret("a", "b-c", CANARY)
    folder = data / "secrets"
    (folder / "a-b.json").write_text((folder / "a.json").read_text().replace("b-c", "c"))
    (folder / "a-b.json").chmod(0o600)
    with pytest.raises(errors.BadSeal):
        StoredSecrets("a-b")["c"]


@pytest.mark.parametrize("place", [0, 30, -1])
def test_a_changed_value_does_not_open(data: Path, place: int) -> None:
    import json

    secrets.set_secret("weather", "token", CANARY)
    path = data / "secrets" / "weather.json"
    raw = bytearray.fromhex(json.loads(path.read_text())["token"])
    raw[place] ^= 1
    path.write_text(json.dumps({"token": raw.hex()}))
    with pytest.raises(errors.BadSeal):
        StoredSecrets("weather")["token"]


def test_another_key_does_not_open_it(data: Path) -> None:
    secrets.set_secret("weather", "token", CANARY)
    (data / "keys" / "secrets.key").write_bytes(key_file.file_of(bytearray(SEED), making.public_key(SEED)))
    with pytest.raises(errors.BadSeal):
        StoredSecrets("weather")["token"]
    (data / "keys" / "secrets.key").write_bytes(SEED)
    with pytest.raises(errors.BadSeal):
        StoredSecrets("weather")["token"]
    (data / "keys" / "secrets.key").unlink()
    with pytest.raises(errors.StoreDamaged, match="missing"):
        StoredSecrets("weather")["token"]


@pytest.mark.parametrize("size", [0, 16, 32, 36, 72])
def test_nothing_is_sealed_with_what_is_no_key(data: Path, size: int) -> None:
    """What it sealed before is lost; setting a secret makes a new key."""
    secrets.set_secret("weather", "token", CANARY)
    path = data / "keys" / "secrets.key"
    path.write_bytes(bytes(size))
    with pytest.raises(errors.KeyDamaged, match=r"secrets\.key is not a valid key"):
        StoredSecrets("weather")["token"]
    secrets.set_secret("weather", "token", "new")
    assert StoredSecrets("weather")["token"] == "new"
    assert bytes(8) not in path.read_bytes()


def test_a_key_of_an_older_edge_opens_what_it_sealed(data: Path) -> None:
    secrets.set_secret("weather", "token", CANARY)
    path = data / "keys" / "secrets.key"
    path.write_bytes(path.read_bytes()[len(trust.MAGIC) : trust.PUBLIC_AT])
    secrets.set_secret("weather", "other", "another")
    found = StoredSecrets("weather")
    assert (found["token"], found["other"], path.stat().st_size) == (CANARY, "another", native.SEED_BYTES)


def test_a_key_that_others_can_read_is_not_used(data: Path) -> None:
    secrets.set_secret("weather", "token", CANARY)
    (data / "keys" / "secrets.key").chmod(0o644)
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner"):
        StoredSecrets("weather")["token"]


def test_a_key_behind_a_link_is_not_used(data: Path, tmp_path: Path) -> None:
    secrets.set_secret("weather", "token", CANARY)
    (data / "keys" / "secrets.key").rename(tmp_path / "elsewhere.key")
    (data / "keys" / "secrets.key").symlink_to(tmp_path / "elsewhere.key")
    with pytest.raises(errors.EnvironmentFault, match="is a link"):
        StoredSecrets("weather")["token"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["keys/secrets.key", "secrets/weather.json"])
def test_files_of_somebody_else_are_not_used(data: Path, name: str) -> None:
    secrets.set_secret("weather", "token", CANARY)
    os.chown(data / name, 12345, -1)
    with pytest.raises(errors.EnvironmentFault, match="belongs to user 12345"):
        StoredSecrets("weather")["token"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_full_disk_leaves_what_was_set(data: Path) -> None:
    folder = data / "secrets"
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], check=True)
    try:
        secrets.set_secret("weather", "token", CANARY)
        before = len(list(audit.entries()))
        with pytest.raises(errors.DiskFull):
            secrets.set_secret("weather", "token", "another")
        assert StoredSecrets("weather")["token"] == CANARY
        assert os.listdir(folder) == ["weather.json"]
        assert len(list(audit.entries())) == before
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_no_half_key(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = os.listdir(data / "keys")
    monkeypatch.setattr("posix.write", full)
    with pytest.raises(errors.DiskFull):
        secrets.set_secret("weather", "token", CANARY)
    assert os.listdir(data / "keys") == before


def test_a_secret_is_removed() -> None:
    secrets.set_secret("weather", "token", CANARY)
    assert secrets.names("weather") == ["token"]
    assert secrets.unset_secret("weather", "token")
    assert not secrets.unset_secret("weather", "token")
    assert secrets.names("weather") == []


@pytest.mark.parametrize("value", ["", "x" * 65537])
def test_values_that_no_plugin_could_take(value: str) -> None:
    with pytest.raises(errors.ConfigError):
        secrets.set_secret("weather", "token", value)


@pytest.mark.parametrize("text", ["", "[]", '{"token": 1}', "?"])
def test_a_file_that_holds_no_secrets_is_told(data: Path, text: str) -> None:
    secrets.set_secret("weather", "token", CANARY)
    (data / "secrets" / "weather.json").write_text(text)
    with pytest.raises(errors.EdgeError):
        StoredSecrets("weather")["token"]


def test_who_sets_at_the_same_time_loses_nothing(data: Path) -> None:
    program = (
        "import sys; from edge.store import secrets\n"
        "for number in range(5): secrets.set_secret('weather', f'{sys.argv[1]}-{number}', 'x')"
    )
    assert data
    root = Path(__file__).resolve().parent.parent.parent
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(which)], cwd=root, env=dict(os.environ))
        for which in range(4)
    ]
    assert [process.wait() for process in started] == [0] * 4
    assert len(secrets.names("weather")) == 20
