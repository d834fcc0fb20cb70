from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors, store, trust
from edge.policy import change
from edge.store import lifecycle, records, status
from edge.store.view import View
from edge.trust import edit, key_file
from tests.support.installing import install

Put = Callable[..., Any]

CHANNEL = "channel"


def put_channel(package: Callable[..., Path]) -> None:
    """Installs a plugin that can't be loaded without a grant."""
    with package(CHANNEL).open("rb") as file:
        install(file.fileno(), "channel.edge", origin="here", consent=lambda _: True)


def state(name: str = "faults") -> tuple[str, str]:
    return status.state(records.get(name), View())


def own_key() -> bytes:
    public = key_file.local_public()
    assert public is not None
    return public


def test_what_a_call_would_load_is_enabled_or_not(put: Put) -> None:
    put()
    assert (state(), status.loading()) == (("enabled", ""), ["faults"])
    lifecycle.disable("faults")
    assert (state(), status.loading()) == (("disabled", ""), [])


def test_a_revoked_key_is_the_state_of_what_it_signed(put: Put) -> None:
    put()
    edit.revoke(trust.ALGORITHM, own_key().hex(), "lost")
    assert (state()[0], "which was revoked here" in state()[1]) == ("revoked", True)


def test_at_a_level_that_counts_only_the_operators_keys_others_are_refused(put: Put) -> None:
    put()
    change.set_level("strict", "faults")
    assert (state()[0], "the operator did not add" in state()[1]) == ("refused", True)
    edit.add(own_key(), "local")
    assert state() == ("enabled", "")


def test_a_manifest_may_ask_for_such_a_level_itself(put: Put) -> None:
    edit.add(own_key(), "local")
    put(manifest='[edge]\nlevel = "strict"\n')
    assert View().release(records.get("faults").current, "faults").level == "strict"
    Path(trust.operator_path()).unlink()
    assert isinstance(status.problem(records.get("faults"), View()), errors.Untrusted)


def test_what_lacks_a_grant_is_refused_while_it_is_enabled(package: Callable[..., Path]) -> None:
    edit.add(own_key(), "local")
    put_channel(package)
    assert state(CHANNEL) == ("enabled", "")
    change.set_level("strict")
    assert (state(CHANNEL)[0], "level strict requires a grant" in state(CHANNEL)[1]) == ("refused", True)
    with pytest.raises(errors.NotGranted, match="level strict requires a grant"):
        lifecycle.reload(CHANNEL)
    lifecycle.disable(CHANNEL)
    assert state(CHANNEL) == ("disabled", "")


@pytest.mark.parametrize("text", [b"?", b"{}"])
def test_a_manifest_that_does_not_say_the_level_is_damage(put: Put, text: bytes) -> None:
    put()
    (Path(store.release_path(records.get("faults").current)) / store.COMPILED).write_bytes(text)
    assert state()[0] == "damaged"


def test_a_file_of_trust_that_means_nothing_is_no_damage_of_plugins(put: Put) -> None:
    put()
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("nonsense\n")
    assert (state()[0], str(path) in state()[1]) == ("unknown", True)
