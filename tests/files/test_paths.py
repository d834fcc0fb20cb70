from __future__ import annotations

import pytest

from edge import errors, files
from edge.policy import change
from edge.trust import edit, key_file, keyring


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A HOME that would be another place in every working directory."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "home/pi")


def test_a_relative_home_is_no_place() -> None:
    assert (files.data_home(), files.config_home(), files.policy_path()) == ("", "", "")


def test_whoever_needs_a_place_says_so() -> None:
    needs = (
        files.data_folder,
        key_file.local_seed,
        keyring.folder,
        lambda: change.set_level("strict"),
        lambda: edit.set_floor("48.0.0"),
    )
    for act in needs:
        with pytest.raises(errors.EnvironmentFault, match="nor HOME is set to an absolute path"):
            act()
