from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from edge import audit, errors, trust
from edge.trust import edit, held
from tests.support import home

KEY = bytes(range(32))
OTHER = bytes(range(32, 64))


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.move(monkeypatch, tmp_path)


def text() -> str:
    return Path(trust.operator_path()).read_bytes().decode()


def operator_says(text: str) -> Path:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    path.chmod(0o644)
    return path


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says something beside the package, as a bundle does."""
    monkeypatch.setattr(trust, "BUNDLED", str(tmp_path / "trusted.keys"))

    def says(text: str) -> None:
        (tmp_path / "trusted.keys").write_text(text)
        (tmp_path / "trusted.keys").chmod(0o644)

    return says


def test_other_lines_and_remarks_stay_as_they_are() -> None:
    before = f"# the office's \t\n\n  {trust.line(OTHER, 'office')}wasmtime 48.0.1 # für a reason\r\n"
    operator_says(before)
    edit.add(KEY, "home")
    assert text() == before + trust.line(KEY, "home")


def test_a_key_has_one_line() -> None:
    edit.add(KEY, "home", ["weather"])
    edit.add(KEY, "at home", ["pump-*"])
    (entry,) = held.entries()
    assert (entry.label, entry.plugins) == ("at home", ("pump-*",))


def test_what_is_revoked_comes_back_only_when_that_is_said() -> None:
    edit.add(KEY, "home")
    edit.revoke("ed25519", KEY.hex(), "lost")
    assert held.entries() == []
    assert edit.revocations() == [("ed25519", KEY.hex(), "lost", trust.operator_path())]
    with pytest.raises(errors.UsageError, match="was revoked"):
        edit.add(KEY, "home")
    edit.add(KEY, "home", again=True)
    assert edit.revocations() == []
    assert list(held.labels()) == [KEY]


def test_there_is_one_floor() -> None:
    assert edit.floor() == ""
    edit.set_floor("48.0.1")
    edit.set_floor("48.0.8")
    assert edit.floor() == "48.0.8"
    assert text().count("wasmtime") == 1


def test_every_change_is_told() -> None:
    edit.add(KEY, "home", ["weather"])
    edit.revoke("sha256", "ab" * 32, "bad")
    edit.set_floor("48.0.8")
    assert [entry["act"] for entry in audit.entries()] == ["trust", "revoke", "floor"]


def test_a_file_that_means_nothing_is_not_changed() -> None:
    operator_says("trust everybody\n")
    with pytest.raises(errors.EnvironmentFault, match="line 1"):
        edit.add(KEY, "home")
    assert text() == "trust everybody\n"


def test_what_is_not_said_again_stays() -> None:
    operator_says(trust.line(KEY, "home", ["weather"]) + "# last\n")
    assert edit.add(KEY)["plugins"] == ["weather"]
    assert edit.add(KEY, "at home")["plugins"] == ["weather"]
    assert edit.add(KEY, plugins=["pump-*"])["label"] == "at home"
    assert text() == trust.line(KEY, "at home", ["pump-*"]) + "# last\n"
    edit.add(KEY, plugins=[])
    assert text() == trust.line(KEY, "at home") + "# last\n"


@pytest.mark.parametrize("end", ["\v", "\f", "\r", "\x1c", "\x85", "\u2028"])
def test_a_comment_that_some_editors_show_as_two_lines_is_refused(end: str) -> None:
    before = f"# {end}revoked ed25519 {OTHER.hex()} lost\n"
    operator_says(before)
    with pytest.raises(errors.EnvironmentFault, match=f"line 1 of trust: the character U.{ord(end):04X}"):
        edit.add(KEY, "home")
    assert text() == before


@pytest.mark.parametrize(
    "label", ["a=b", "plugins: weather", "a#b", "a\u00a0b", "a\nb", " a", "plugins=x", "\udc80"]
)
def test_a_label_that_would_say_more_is_not_written(label: str) -> None:
    with pytest.raises(errors.UsageError, match="This cannot be written"):
        edit.add(KEY, label)
    assert held.entries() == []


@pytest.mark.parametrize("name", ["Weather", "-a", "a-", "a b", "*a", "", "a,b"])
def test_a_scope_that_covers_nothing_is_not_written(name: str) -> None:
    with pytest.raises(errors.UsageError, match="This cannot be written"):
        edit.add(KEY, "home", [name])
    assert held.entries() == []


@pytest.mark.parametrize("reason", ["plugins=x", "for plugin : x", "a\nb", "a#b"])
def test_a_reason_that_would_say_less_is_not_written(reason: str) -> None:
    with pytest.raises(errors.UsageError, match="This cannot be written"):
        edit.revoke("ed25519", KEY.hex(), reason)
    assert edit.revocations() == []


def test_a_key_that_a_bundle_brought_is_revoked_like_any_other(bundle: Callable[[str], None]) -> None:
    bundle(trust.line(KEY, "maker"))
    assert [(entry.label, bool(path)) for entry, path in edit.trusted()] == [("maker", True)]
    edit.revoke("ed25519", KEY.hex(), "stolen")
    assert edit.trusted() == []
    assert held.entries() == []


def test_a_key_keeps_the_scope_that_a_bundle_gave_it(bundle: Callable[[str], None]) -> None:
    bundle(trust.line(KEY, "office", ["weather"]))
    edit.add(KEY)
    assert text() == trust.line(KEY, "office", ["weather"])
    edit.add(KEY, plugins=[])
    assert text() == trust.line(KEY, "office")


def test_what_a_bundle_revokes_an_operator_does_not_trust(bundle: Callable[[str], None]) -> None:
    bundle(f"revoked ed25519 {KEY.hex()} stolen\n")
    with pytest.raises(errors.UsageError, match="is revoked by .*trusted.keys"):
        edit.add(KEY, "home", again=True)
    assert not Path(trust.operator_path()).exists()


def test_the_higher_floor_holds(bundle: Callable[[str], None]) -> None:
    bundle("wasmtime 48.0.10\n")
    assert edit.set_floor("48.0.9")["before"] == ""
    assert edit.floor() == "48.0.10"
    assert edit.set_floor("48.1.0")["before"] == "48.0.9"
    assert edit.floor() == "48.1.0"


def test_the_file_keeps_its_mode() -> None:
    operator_says("").chmod(0o600)
    edit.add(KEY, "home")
    assert Path(trust.operator_path()).stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_replaced(tmp_path: Path) -> None:
    path = operator_says("# mine\n")
    path.rename(tmp_path / "dotfiles.keys")
    path.symlink_to(tmp_path / "dotfiles.keys")
    with pytest.raises(errors.EnvironmentFault, match="is a link"):
        edit.add(KEY, "home")
    assert path.is_symlink()
    assert text() == "# mine\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_changed() -> None:
    os.chown(operator_says("# theirs\n"), 12345, -1)
    with pytest.raises(errors.EnvironmentFault, match="belongs to user"):
        edit.add(KEY, "home")
    assert text() == "# theirs\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_full_disk_leaves_what_was_said(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "edge"
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", folder], check=True)
    try:
        said = "# " + "x" * 4000 + "\n" + trust.line(OTHER, "office")
        operator_says(said)
        (folder / "filler").write_bytes(bytes(4096))
        with pytest.raises(errors.DiskFull):
            edit.revoke("ed25519", OTHER.hex(), "lost")
        assert text() == said
        assert list(audit.entries()) == []
        assert sorted(os.listdir(folder)) == ["filler", "trusted.keys", "trusted.keys.lock"]
    finally:
        subprocess.run(["umount", folder], check=True)


def test_who_changes_at_the_same_time_loses_nothing() -> None:
    program = (
        "import sys; from edge.trust import edit\n"
        "for number in range(5): edit.add(bytes([int(sys.argv[1]), number] * 16), 'x')"
    )
    root = Path(__file__).resolve().parent.parent.parent
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(which)], cwd=root, env=dict(os.environ))
        for which in range(4)
    ]
    assert [process.wait() for process in started] == [0] * 4
    assert len(held.entries()) == 20
    assert len(list(audit.entries())) == 20
