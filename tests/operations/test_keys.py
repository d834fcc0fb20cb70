from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors, trust
from edge.operations import keys
from edge.store import records
from edge.trust import edit, held, key_file

Put = Callable[..., Any]
KEY = bytes(range(32))


def test_a_key_counts_for_what_its_lines_say_together() -> None:
    def line(*plugins: str) -> trust.Trusted:
        return trust.Trusted(KEY, "office", plugins)

    counting = keys._counting([(line("weather"), ""), (line("pump"), "")], "default")
    wanted = (line("weather", "pump"), line("other"), line())
    assert [keys._counts(entry, counting) for entry in wanted] == [True, False, False]
    assert keys._counts(line(), keys._counting([(line(), ""), (line("pump"), "")], "default"))
    assert not keys._counts(line("pump"), {})


def test_a_key_is_found_by_whatever_messages_show_of_it() -> None:
    keys.add(KEY.hex(), label="office", plugins=["weather"])
    facts = keys.describe("office")
    assert facts == keys.describe(KEY.hex()) == keys.describe(KEY.hex()[:16])
    assert (facts["label"], facts["trusted"], facts["plugins"]) == ("office", True, ["weather"])


def test_a_label_that_two_keys_have_names_neither() -> None:
    for key in (KEY, bytes(32)[1:] + b"\x01"):
        edit.add(key, "office")
    with pytest.raises(errors.UsageError, match="2 keys here match `office`"):
        keys.find("office")


def test_the_lines_of_a_file_are_trusted_with_their_scope(tmp_path: Path) -> None:
    path = tmp_path / "office.pub"
    path.write_text(trust.line(KEY, "office", ["weather"]))
    (fact,) = keys.add(str(path)).event["trusted"]
    assert (fact["key"], fact["plugins"]) == (KEY.hex(), ["weather"])
    assert [entry.plugins for entry in held.entries() if entry.public == KEY] == [("weather",)]


def test_revoking_this_machines_own_key_says_so_and_names_what_it_stops(put: Put) -> None:
    put()
    own = key_file.local_public()
    assert own is not None
    done = keys.revoke(own.hex(), "lost")
    assert "this is this machine's own key" in done.remarks[0]
    assert [(plugin.name, type(plugin.error)) for plugin in done.stopped] == [("faults", errors.Revoked)]
    assert done.facts()["stops"] == ["faults"]


def test_a_release_is_revoked_by_its_digest_and_not_taken_for_a_key(put: Put) -> None:
    release = put().record.current[:64]
    with pytest.raises(errors.UsageError, match="is a release, not a key"):
        keys.revoke(release)
    assert [plugin.name for plugin in keys.revoke(f"sha256:{release}").stopped] == ["faults"]
    assert records.get("faults").enabled


def test_a_lower_floor_is_said_to_be_lower() -> None:
    keys.set_floor("2.0.0")
    done = keys.set_floor("1.0.0")
    assert done.remarks == ("the floor was 2.0.0: code of older compilers is accepted again",)
    assert keys.listed()["floor"] == "1.0.0"
