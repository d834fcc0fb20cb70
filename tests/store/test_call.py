"""From the name of an installed plugin to an answer, and what stands in between when it should."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors, store, trust
from edge.limits import here
from edge.policy import change
from edge.store import lifecycle, planning, records
from edge.store.call import prepare
from edge.store.install import Outcome
from edge.store.lock import locked
from edge.trust import key_file
from tests.store.running import load

Put = Callable[..., Outcome]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts")


def answer(name: str = "faults") -> str:
    return load(name).plugin.call({"do": "nothing"}).output


def release(name: str = "faults") -> Path:
    return Path(store.release_path(records.get(name).current))


def plan_file(name: str = "faults") -> Path:
    return Path(store.call_plan_path(name))


def test_what_is_not_there(empty: Path) -> None:
    for name in ("faults", "../faults", "", "Faults", "a/b"):
        with pytest.raises(errors.NotInstalled):
            load(name)
    assert not (empty / "store").exists()


def test_the_digest_is_not_computed_again(put: Put) -> None:
    put()
    assert load("faults").plugin.receipt == b""


def test_another_inode_is_checked_once_more_and_then_remembered(put: Put) -> None:
    put()
    code = release() / store.CODE
    copy = code.with_name("copy")
    copy.write_bytes(code.read_bytes())
    copy.chmod(0o600)
    copy.rename(code)
    assert load("faults").plugin.receipt
    assert load("faults").plugin.receipt == b""


@pytest.mark.parametrize("at", [0, 5000, -1])
def test_changed_code_is_refused(put: Put, at: int) -> None:
    put()
    code = release() / store.CODE
    data = bytearray(code.read_bytes())
    data[at] ^= 1
    code.write_bytes(data)
    with pytest.raises(errors.Damaged, match="digest.*Install the same release again"):
        load("faults")


def test_what_is_refused_is_told(put: Put) -> None:
    put()
    code = release() / store.CODE
    code.write_bytes(code.read_bytes() + b"?")
    facts: list[dict[str, Any]] = []
    with prepare("faults") as prepared, pytest.raises(errors.Damaged):
        prepared.load(audit=facts.append)
    (fact,) = facts
    assert (fact["event"], fact["act"], fact["plugin"], fact["kind"]) == (
        "refused",
        "call",
        "faults",
        "Damaged",
    )


@pytest.mark.parametrize("at", [0, 8, 12, 50, 120, -1])
def test_a_changed_description_is_refused(put: Put, at: int) -> None:
    put()
    head = release() / store.HEAD
    data = bytearray(head.read_bytes())
    data[at] ^= 1
    head.write_bytes(data)
    with pytest.raises(errors.Refused):
        load("faults")


def test_another_plugins_release_does_not_load_under_this_name(put: Put) -> None:
    put(name="weather")
    put()
    for part in (store.HEAD, store.CODE):
        (release() / part).write_bytes((release("weather") / part).read_bytes())
    with pytest.raises(errors.OutOfScope, match="`weather`.*`faults`"):
        load("faults")


@pytest.mark.parametrize("part", [store.HEAD, store.CODE])
def test_a_missing_file_is_told(put: Put, part: str) -> None:
    put()
    (release() / part).unlink()
    with pytest.raises(errors.StoreDamaged, match="missing"):
        load("faults")


@pytest.mark.parametrize("part", [store.CODE, store.HEAD])
def test_a_link_is_not_followed_and_reload_says_the_same(put: Put, part: str, tmp_path: Path) -> None:
    put()
    path = release() / part
    path.rename(tmp_path / part)
    path.symlink_to(tmp_path / part)
    for use in (load, lifecycle.reload):
        with pytest.raises(errors.StoreDamaged, match="is a link.*Move it away"):
            use("faults")


@pytest.mark.parametrize("part", [store.CODE, store.HEAD])
def test_a_fifo_keeps_nobody_waiting(put: Put, part: str) -> None:
    put()
    path = release() / part
    path.unlink()
    os.mkfifo(path, 0o600)
    for use in (load, lifecycle.reload):
        with pytest.raises(errors.StoreDamaged):
            use("faults")
    # The same where somebody has it open: it has no end then.
    held = os.open(path, os.O_RDWR)
    for use in (load, lifecycle.reload):
        with pytest.raises(errors.StoreDamaged):
            use("faults")
    os.close(held)


def test_a_key_that_is_revoked_signs_nothing_any_more(put: Put) -> None:
    put()
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    public = key_file.local_public()
    assert public
    path.write_text(f"revoked ed25519 {public.hex()} stolen\n")
    with pytest.raises(errors.Revoked):
        load("faults")


def test_a_digest_that_is_revoked_does_not_load(put: Put) -> None:
    put()
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text(f"revoked sha256 {records.get('faults').current} bad\n")
    with pytest.raises(errors.Revoked):
        load("faults")


def test_code_of_an_older_compiler_than_is_taken_does_not_load(put: Put) -> None:
    put()
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text("wasmtime 48.999.0\n")
    with pytest.raises(errors.OldCompiler):
        load("faults")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"format": 1}', b"\0" * 100])
def test_terms_that_mean_nothing_are_worked_out_again(put: Put, text: bytes) -> None:
    put()
    before = plan_file().read_bytes()
    plan_file().write_bytes(text)
    assert answer() == ""
    again, expected = json.loads(plan_file().read_bytes()), json.loads(before)
    # Whether the code was checked is not known any more, so it was checked.
    assert again == expected


def test_a_change_of_the_policy_holds_at_the_next_call(put: Put) -> None:
    secret = '[config_schema.properties.a]\ntype = "string"\nx-secret = true\n'
    put(manifest=f'permissions = ["config_read"]\n{secret}')
    assert load("faults").plan.granted(None).permits("config_read", "a")
    change.set_level("paranoid", "faults")
    with pytest.raises(errors.Untrusted):
        load("faults")
    path = Path(trust.operator_path())
    public = key_file.local_public()
    assert public
    path.write_text(trust.line(public, "mine"))
    assert not load("faults").plan.granted(None).permits("config_read", "a")
    assert load("faults").plan.grants["limits"]["fuel"] == here().limits.fuel // 4


def test_limits_are_those_of_the_manifest(put: Put) -> None:
    put(manifest="[edge.limits]\nmemory = 2097152\ndeadline = 1.5\n")
    loaded = load("faults")
    limits = loaded.profile.limits.within(loaded.plan.grants["limits"])
    assert (limits.memory, limits.deadline) == (2 << 20, 1.5)


def test_a_new_release_needs_no_restart(put: Put) -> None:
    put(1, manifest="[edge.limits]\nmemory = 2097152\n")
    put(2, manifest="[edge.limits]\nmemory = 4194304\n")
    loaded = load("faults")
    assert loaded.profile.limits.within(loaded.plan.grants["limits"]).memory == 4 << 20


@as_root
def test_a_store_that_can_not_be_written_is_good_for_calls(put: Put, empty: Path) -> None:
    put()
    plan_file().unlink()
    subprocess.run(["mount", "--bind", empty, empty], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", empty], check=True)
        assert answer() == ""
        assert not plan_file().exists()
    finally:
        subprocess.run(["umount", empty], check=True)


def test_a_call_that_meets_a_switch_takes_the_new_release(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = put(1).record
    for number in (2, 3):
        put(number)
    genuine = store.find
    found = iter([stale])
    monkeypatch.setattr("edge.store.find", lambda name: next(found, None) or genuine(name))
    loaded = load("faults")
    assert loaded.plan.release == records.get("faults").current != stale.current


def test_a_disabled_plugin_is_not_loaded(put: Put) -> None:
    put()
    lifecycle.disable("faults")
    with pytest.raises(errors.NotEnabled, match="not enabled") as caught:
        load("faults")
    assert "edge enable faults" in caught.value.remedy


def test_secrets_are_not_there_without_a_grant(put: Put) -> None:
    put()
    result: Any = load("faults").plugin.call({"do": "secret", "text": "token"})
    assert "access-denied" in result.output


def test_a_call_that_ends_after_its_plugin_was_removed_leaves_nothing(put: Put) -> None:
    put()
    plan_file().unlink()
    with prepare("faults") as prepared:
        kept = plan_file().read_bytes()
        lifecycle.remove("faults", forget=True)
        prepared.plan.receipt = "of a check of its own"
        planning.keep(prepared.plan)
    assert kept
    assert not plan_file().exists()
    with pytest.raises(errors.NotInstalled):
        load("faults")


def test_what_was_worked_out_is_kept_by_nobody_while_the_store_changes(put: Put) -> None:
    put()
    plan_file().unlink()
    with locked():
        answer()
    assert not plan_file().exists()
    answer()
    assert plan_file().exists()
