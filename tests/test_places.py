from __future__ import annotations

import pytest

from edge import errors, keyring, keys, places, policy, trust_file


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A HOME that would be another place in every working directory."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "home/pi")


def test_a_relative_home_is_no_place() -> None:
    assert (places.data_home(), places.config_home(), places.policy_file()) == ("", "", "")


def test_whoever_needs_a_place_says_so() -> None:
    needs = (
        places.data,
        keys.local_seed,
        keyring.folder,
        lambda: policy.set_level("strict"),
        lambda: trust_file.set_floor("48.0.0"),
    )
    for act in needs:
        with pytest.raises(errors.EnvironmentFault, match="nor HOME is set to an absolute path"):
            act()
