"""A file is only as safe as its folder: who can move a file away undoes what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

import pytest

from edge import audit, errors, files, trust
from edge.files.folder_errors import judge
from edge.policy import change
from edge.policy import file as policy_file
from edge.store import config, records, secrets
from edge.store.lock import locked
from edge.trust import edit, key_file, keyring
from tests.support.home import move, pretend

KEY = bytes(range(32))
STRANGER = 12345
ROOT = Path(__file__).resolve().parent.parent.parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    move(monkeypatch, tmp_path)
    key_file.local_seed()
    edit.add(KEY, "home")
    edit.revoke("ed25519", KEY.hex(), "lost")
    change.set_level("strict")
    keyring.make("office")
    pretend("weather")
    secrets.set_secret("weather", "token", "a value")
    files.checked_folders.clear()
    yield tmp_path
    files.checked_folders.clear()


READS: dict[str, tuple[str, Callable[[], object]]] = {
    "trust": ("config/edge", trust.text),
    "revocations": ("config/edge", edit.revocations),
    "policy": ("config/edge", policy_file.load),
    "own key": ("data/edge/keys", key_file.local_public),
    "named key": ("data/edge/keys", lambda: keyring.find("office")),
    "new key": ("data/edge/keys", lambda: keyring.make("another")),
    "secrets": ("data/edge/secrets", lambda: secrets.names("weather")),
    "secrets' key": ("data/edge/keys", lambda: secrets.StoredSecrets("weather")["token"]),
    "configuration": ("data/edge/config", lambda: config.read("weather")),
    "audit": ("data/edge", lambda: list(audit.entries())),
    "audit, written": ("data/edge/audit", lambda: audit.append({"event": "test"})),
}


def open_to_a_group(folder: Path) -> None:
    os.chown(folder, -1, STRANGER)
    folder.chmod(0o770)


FAULTS: dict[str, Callable[[Path], None]] = {
    "others write": lambda folder: folder.chmod(0o777),
    "group writes": open_to_a_group,
    "a stranger's": lambda folder: os.chown(folder, STRANGER, -1),
}


@as_root
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("what", READS)
def test_nothing_is_read_where_others_could_have_moved_it(home: Path, what: str, fault: str) -> None:
    place, read = READS[what]
    (home / place).mkdir(mode=0o700, parents=True, exist_ok=True)
    read()
    files.checked_folders.clear()
    FAULTS[fault](home / place)
    with pytest.raises(errors.EnvironmentFault, match=f"^{home / place}[: ]") as caught:
        read()
    assert caught.value.remedy


@as_root
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("above", ["config", "data", ""])
def test_the_folders_above_count_as_well(home: Path, above: str, fault: str) -> None:
    FAULTS[fault](home / above)
    with pytest.raises(errors.EnvironmentFault, match=f"^{home / above}[: ]"):
        policy_file.load()
        key_file.local_public()


def test_a_revocation_holds_although_its_file_was_moved_away(home: Path) -> None:
    """The attack itself: who may write the folder can't take a revocation back."""
    (home / "config/edge").chmod(0o777)
    Path(trust.operator_path()).rename(home / "config/edge/gone")
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner can replace"):
        trust.text()
    (home / "config/edge").chmod(0o700)
    assert trust.text()


@pytest.mark.parametrize("mode", [0o1777, 0o755, 0o555, 0o700])
def test_a_folder_in_which_each_removes_only_their_own_is_fine(home: Path, mode: int) -> None:
    (home / "config").chmod(mode)
    assert policy_file.load().level == "strict"


@as_root
def test_what_a_stranger_put_into_such_a_folder_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "shared").mkdir()
    (home / "shared").chmod(0o1777)
    (home / "shared/config").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "shared/config"))
    assert policy_file.load().level == "default"
    files.checked_folders.clear()
    os.chown(home / "shared/config", STRANGER, -1)
    with pytest.raises(errors.EnvironmentFault, match=f"belongs to user {STRANGER}"):
        policy_file.load()


def test_where_a_link_leads_is_looked_at(home: Path) -> None:
    (home / "config").rename(home / "dotfiles")
    (home / "config").symlink_to("./nowhere/../dotfiles")
    assert policy_file.load().level == "default", "a folder on the way is not there"
    (home / "config").unlink()
    (home / "config").symlink_to("dotfiles/../dotfiles")
    assert policy_file.load().level == "strict"
    files.checked_folders.clear()
    (home / "dotfiles").chmod(0o777)
    with pytest.raises(errors.EnvironmentFault, match=f"^{home}/dotfiles: users"):
        policy_file.load()


@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_behind_a_link_is_as_safe_as_where_it_leads(home: Path, *, absolute: bool) -> None:
    path = Path(trust.operator_path())
    (home / "dotfiles").mkdir()
    path.rename(home / "dotfiles/trust")
    path.symlink_to(home / "dotfiles/trust" if absolute else "../../dotfiles/trust")
    assert edit.revocations()
    files.checked_folders.clear()
    (home / "dotfiles").chmod(0o777)
    with pytest.raises(errors.EnvironmentFault, match=f"^{home}/dotfiles: users"):
        trust.text()


def test_a_link_to_nothing_revokes_nothing_and_is_an_error(home: Path) -> None:
    path = Path(trust.operator_path())
    path.rename(home / "away")
    path.symlink_to(home / "away")
    assert edit.revocations()
    (home / "away").unlink()
    with pytest.raises(errors.EnvironmentFault, match="which does not exist"):
        trust.text()


def test_links_in_a_circle_are_an_error(home: Path) -> None:
    path = Path(trust.operator_path())
    path.unlink()
    path.symlink_to("other")
    path.with_name("other").symlink_to(path.name)
    with pytest.raises(errors.EnvironmentFault, match="more than 40 links"):
        trust.text()
    (home / "config").rename(home / "moved")
    (home / "config").symlink_to("config")
    with pytest.raises(errors.EdgeError, match="links"):
        trust.text()


@as_root
def test_a_record_that_a_stranger_brought_is_none(home: Path) -> None:
    path = home / "data/edge/store/plugins/weather.json"
    os.chown(path, STRANGER, -1)
    with pytest.raises(errors.EnvironmentFault, match=f"belongs to user {STRANGER}"):
        records.get("weather")
    os.chown(path, 0, -1)
    path.chmod(0o666)
    with pytest.raises(errors.EnvironmentFault, match="users other than its owner have access"):
        records.get("weather")


def test_the_store_is_not_changed_in_such_a_folder(home: Path) -> None:
    (home / "data/edge").chmod(0o777)
    with pytest.raises(errors.EnvironmentFault, match=f"^{home}/data/edge: users"), locked():
        pass


@as_root
def test_a_private_group_is_its_owner(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import grp

    folder = home / "config/edge"
    folder.chmod(0o775)
    judge(str(folder), os.lstat(folder))
    members = grp.struct_group(("root", "x", 0, ["root", "mallory"]))
    monkeypatch.setattr("grp.getgrgid", lambda _: members)
    with pytest.raises(errors.EnvironmentFault):
        judge(str(folder), os.lstat(folder))


def test_a_process_looks_at_a_folder_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    lstat = os.lstat

    def watched(path: str) -> os.stat_result:
        seen.append(path)
        return lstat(path)

    monkeypatch.setattr("posix.lstat", watched)
    policy_file.load()
    trust.text()
    assert len(seen) == len(set(seen))
    before = len(seen)
    policy_file.load()
    trust.text()
    assert len(seen) == before


@pytest.fixture
def of_a_user() -> Iterator[Any]:
    """Runs `edge` with the system's Python, as a user who is not root, with a home of their own."""
    import _cffi_backend

    python = f"/usr/bin/python3.{sys.version_info[1]}"
    if not os.access(python, os.X_OK):
        pytest.skip(f"there is no {python}")
    with TemporaryDirectory(dir="/tmp") as place:
        os.chmod(place, 0o755)
        library = Path(place) / "libedge.so"
        shutil.copy(os.environ["EDGE_LIBRARY"], library)
        (Path(place) / "home").mkdir()
        os.chown(Path(place) / "home", STRANGER, STRANGER)
        shutil.copy(_cffi_backend.__file__, place)
        environment = {
            "HOME": f"{place}/home",
            "EDGE_LIBRARY": str(library),
            "PYTHONPATH": f"{place}:{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            command = [python, "-m", "edge", *words]
            done = subprocess.run(
                command,
                cwd="/",
                env=environment,
                capture_output=True,
                text=True,
                user=STRANGER,
                group=STRANGER,
                extra_groups=(),
                check=False,
            )
            if "No module named edge" in done.stderr:
                pytest.skip("this checkout is closed to other users")
            return done

        run.home = Path(environment["HOME"])  # type: ignore[attr-defined]
        yield run


@as_root
def test_a_user_of_their_own_is_served_and_told_in_one_sentence(of_a_user: Any) -> None:
    assert of_a_user("key", "new", "office").returncode == 0
    assert of_a_user("key", "trust", "office").returncode == 0
    assert "office" in of_a_user("key", "list").stdout
    (of_a_user.home / ".config/edge").chmod(0o777)
    done = of_a_user("key", "list")
    assert (done.returncode, "Traceback" in done.stderr, "chmod go-w" in done.stderr) == (5, False, True)
    doctor = of_a_user("doctor", "--json")
    assert "users other than its owner can replace" in doctor.stdout
