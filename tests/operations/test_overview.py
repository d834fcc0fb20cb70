from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors, store
from edge.operations import overview, policy_view
from edge.policy import change
from edge.policy import file as policy_file
from edge.store import lifecycle

Put = Callable[..., Any]


def test_a_removed_plugin_has_no_row_and_a_damaged_one_has(put: Put) -> None:
    put(name="gone")
    lifecycle.remove("gone")
    release = put().record.current
    (Path(store.release_path(release)) / store.HEAD).unlink()
    rows, fault = overview.every()
    assert ([(row["name"], row["state"]) for row in rows], fault) == ([("faults", "damaged")], None)
    with pytest.raises(errors.NotInstalled):
        overview.one("gone")


def test_what_of_the_machine_leaves_states_open_is_answered_beside_the_rows(put: Put) -> None:
    put()
    change.set_unattended("medium")
    Path(policy_file.default_path()).write_text("none")
    rows, fault = overview.every()
    assert [row["state"] for row in rows] == ["unknown"]
    assert isinstance(fault, errors.EnvironmentFault)


def test_consents_that_do_not_count_at_a_level_are_named(put: Put) -> None:
    put(manifest='permissions = ["http_client"]\n[edge.http]\nhosts = ["a.example.org"]\n')
    ask = ("http_client", "a.example.org")
    facts, ignored = policy_view.of_plugin("faults")
    assert (facts["consents"], ignored) == ((ask,), ())
    change.set_level("paranoid", "faults")
    assert policy_view.of_plugin("faults")[1] == (ask,)


def test_of_a_plugin_that_nobody_said_anything_of_there_is_nothing_to_show() -> None:
    with pytest.raises(errors.NotInstalled, match="the policy has no entry for it"):
        policy_view.of_plugin("faults")
