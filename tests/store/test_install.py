from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import audit, errors, store, trust
from edge._native import making
from edge.policy import change
from edge.store import consent as consents
from edge.store import lifecycle, parts, records
from edge.store.consent import Agreed, Request
from edge.store.install import Installation, Outcome
from edge.store.lock import locked
from tests.store.running import load
from tests.store.snapshot import contents
from tests.support import packages
from tests.support.installing import install

Put = Callable[..., Outcome]

HTTP = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["{}"]\n'
CHECK = "[edge.check]\narguments = '{}'\n"


def answer(name: str = "faults", do: str = "nothing") -> str:
    return load(name).plugin.call({"do": do}).output


@contextmanager
def refused(kind: type[errors.EdgeError], match: str, root: Path) -> Iterator[None]:
    """That something is refused, told to the audit, and leaves the store as it was."""
    with locked():
        pass
    before = contents(root / "store")
    with pytest.raises(kind, match=match) as caught:
        yield
    assert type(caught.value) is kind
    assert contents(root / "store") == before
    last = list(audit.entries())[-1]
    assert (last["event"], last["kind"]) == ("refused", kind.__name__)


def test_what_asks_for_nothing_runs_at_once(put: Put) -> None:
    done = put(agrees=None)
    assert (done.change, done.record.enabled) == ("installed", True)
    assert answer() == ""


def test_a_release_is_named_by_its_description(put: Put, packed: Callable[..., Path]) -> None:
    done = put()
    with packed().open("rb") as file:
        _, head = making.describe_package(file.fileno(), "a", None)
    import hashlib

    assert done.record.current == hashlib.sha256(head[108:]).hexdigest()


def test_an_upgrade_keeps_the_release_before_and_no_older_one(put: Put) -> None:
    first, second, third = (put(number).record for number in (1, 2, 3))
    assert (second.previous, third.previous) == (first.current, second.current)
    assert set(contents(Path(store.root()) / "releases")) >= {second.current, third.current}
    assert first.current not in contents(Path(store.root()) / "releases")


def test_the_same_release_again_changes_nothing(put: Put, empty: Path) -> None:
    put()
    before = contents(empty / "store")
    assert put().change == "nothing"
    assert contents(empty / "store") == before


def test_a_damaged_release_is_mended_by_installing_it_again(put: Put) -> None:
    damaged = put().record
    code = Path(store.release_path(damaged.current)) / store.CODE
    code.write_bytes(code.read_bytes()[:-1] + b"?")
    with pytest.raises(errors.Damaged):
        answer()
    mended = put()
    assert (mended.change, mended.record.previous) == ("upgraded", "")
    assert answer() == ""


def test_other_contents_under_the_same_number_are_refused(put: Put, empty: Path) -> None:
    put(1)
    with refused(errors.Downgrade, "with different contents", empty):
        put(1, manifest='description = "another"\n')
    assert put(1, manifest='description = "another"\n', again=True).change == "upgraded"


def test_an_older_release_is_refused(put: Put, empty: Path) -> None:
    put(5)
    with refused(errors.Downgrade, "release 4.*release 5", empty):
        put(4)


def test_the_release_that_is_kept_comes_back_by_rollback_only(put: Put, empty: Path) -> None:
    put(1)
    put(2)
    with refused(errors.Downgrade, "is kept", empty):
        put(1)


def test_a_rollback_does_not_lower_the_floor(put: Put, empty: Path) -> None:
    put(1)
    put(3)
    lifecycle.rollback("faults")
    with refused(errors.Downgrade, "release 2", empty):
        put(2)
    assert put(4).change == "upgraded"


def test_a_damaged_release_is_repaired_below_the_floor_too(put: Put, empty: Path) -> None:
    current = put(1).record.current
    put(2)
    lifecycle.rollback("faults")
    code = next((empty / "store/releases" / current).glob("code*"))
    code.write_bytes(b"\0" * code.stat().st_size)
    with pytest.raises(errors.EdgeError):
        answer()
    repaired = put(1).record
    assert (repaired.floor, repaired.newest) == (2, repaired.previous)
    answer()


def test_a_release_that_was_repaired_is_itself_after_a_removal(put: Put, empty: Path) -> None:
    current = put(1).record.current
    code = next((empty / "store/releases" / current).glob("code*"))
    code.write_bytes(b"\0" * code.stat().st_size)
    repaired = put(1).record
    assert (repaired.newest, repaired.current == current) == (current, False)
    lifecycle.remove("faults")
    assert put(1).change == "installed"


def test_a_removal_does_not_lower_the_floor_unless_that_is_forgotten(put: Put, empty: Path) -> None:
    put(3)
    lifecycle.remove("faults")
    with refused(errors.Downgrade, "release 2", empty):
        put(2)
    with pytest.raises(errors.Downgrade) as caught:
        put(2)
    assert "edge remove faults --forget" in caught.value.remedy
    with refused(errors.Downgrade, "different contents", empty):
        put(3, manifest='description = "another"\n')
    assert put(3).change == "installed"
    lifecycle.remove("faults", forget=True)
    assert put(1).change == "installed"


def test_a_record_of_an_older_edge_does_not_say_which_release_was_the_newest(put: Put) -> None:
    put(1)
    records.write(records.get("faults").replace(newest=""))
    with pytest.raises(errors.Downgrade, match="different contents"):
        put(1, manifest='description = "another"\n')
    lifecycle.remove("faults")
    assert put(1).record.newest


def test_what_comes_from_elsewhere_waits_for_its_operator(put: Put) -> None:
    asked: list[Request] = []
    assert not put(remote=True, agrees=None).record.enabled
    with pytest.raises(errors.NotEnabled):
        answer()
    with pytest.raises(errors.NeedsConsent):
        lifecycle.enable("faults")

    def agree(request: Request) -> bool:
        asked.append(request)
        return True

    lifecycle.enable("faults", consent=agree)
    assert asked[0].remote
    assert answer() == ""


def test_whoever_agrees_at_once_need_not_be_asked_again(put: Put) -> None:
    assert put(remote=True).record.enabled


def test_what_is_asked_for_counts_once_somebody_agreed(put: Put) -> None:
    asked: list[Request] = []
    done = put(manifest=HTTP.format("example.org"), asked=asked)
    assert done.record.consents == (("http_client", "example.org"),)
    assert asked[0].grants.allowed == (("http_client", "example.org"),)
    assert load("faults").plan.granted(None).permits("http_client", "example.org", "443")


def test_less_than_there_is_without_asking_needs_nobody_to_agree(put: Put) -> None:
    assert put(1, manifest="[edge.limits]\nmemory = 2097152\n", agrees=None).record.enabled
    lifecycle.remove("faults", forget=True)
    assert not put(1, manifest="[edge.limits]\nfuel = 900000000000000\n", agrees=None).record.enabled


def test_nobody_agreeing_leaves_it_disabled(put: Put) -> None:
    for agrees in (None, False):
        done = put(manifest=HTTP.format("example.org"), agrees=agrees)
        assert (done.record.enabled, done.record.consents) == (False, ())


def test_a_disabled_plugin_gains_nothing_by_an_upgrade(put: Put) -> None:
    put(1, manifest=HTTP.format("example.org"), agrees=None)
    done = put(2, manifest=HTTP.format("example.org"), agrees=None)
    assert (done.record.enabled, done.record.consents) == (False, ())


def test_what_policy_grants_already_needs_nobody_to_agree(put: Put) -> None:
    change.grant("faults", ("http_client", "example.org"))
    assert put(manifest=HTTP.format("example.org"), agrees=None).record.enabled


def test_a_release_that_wants_more_is_refused_unless_somebody_agrees(put: Put, empty: Path) -> None:
    put(1)
    with refused(errors.NeedsConsent, r"needs consent.*http_client example\.org", empty):
        put(2, manifest=HTTP.format("example.org"), agrees=None)
    assert answer() == ""
    done = put(2, manifest=HTTP.format("example.org"))
    assert (done.record.enabled, done.record.consents) == (True, (("http_client", "example.org"),))


def test_what_was_agreed_to_once_stays_with_a_narrower_release(put: Put) -> None:
    put(1, manifest=HTTP.format("*.example.org"))
    done = put(2, manifest=HTTP.format("a.example.org"), agrees=None)
    assert ("http_client", "a.example.org") in done.record.consents
    assert load("faults").plan.granted(None).permits("http_client", "a.example.org", "443")
    assert not load("faults").plan.granted(None).permits("http_client", "b.example.org", "443")


def test_what_is_compiled_here_of_somebody_elses_needs_a_yes_each_time(put: Put, empty: Path) -> None:
    put(1)
    with refused(errors.NeedsConsent, "comes from another machine", empty):
        put(2, remote=True, agrees=None)
    assert put(2, remote=True).record.enabled


def test_a_damaged_release_is_replaced_once_somebody_agrees(put: Put, empty: Path) -> None:
    damaged = put(1).record
    head = Path(store.release_path(damaged.current)) / store.HEAD
    head.write_bytes(head.read_bytes() + b"?")
    with refused(errors.NeedsConsent, "is damaged", empty):
        put(2, agrees=None)
    assert not lifecycle.disable("faults").enabled
    assert put(2).change == "upgraded"


def test_a_store_behind_a_link_is_not_touched(put: Put, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_bytes(b"precious")
    root = Path(store.root())
    root.mkdir(parents=True, mode=0o700)
    for folder in ("staging", "releases"):
        if (root / folder).exists():
            (root / folder).rmdir()
        (root / folder).symlink_to(victim)
        with pytest.raises(errors.StoreDamaged, match="only this user can write"):
            put(1)
        (root / folder).unlink()
    assert (victim / "file").read_bytes() == b"precious"


def test_another_signer_needs_somebody_to_agree(put: Put, empty: Path) -> None:
    seed = bytes(range(32))
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text(trust.line(making.public_key(seed), "another"))
    put(1)
    with refused(errors.NeedsConsent, "it is signed by key", empty):
        put(2, seed=seed, agrees=None)
    asked: list[Request] = []
    assert put(2, seed=seed, asked=asked).record.enabled
    assert asked[0].signer == making.public_key(seed).hex()


def test_the_same_release_of_another_signer_is_not_the_same(put: Put, empty: Path) -> None:
    seed = bytes(range(32))
    new = making.public_key(seed).hex()
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text(trust.line(making.public_key(seed), "another"))
    old = put(1).record
    signer = parts.description_of(old.current)["signer"]
    with refused(
        errors.NeedsConsent, f"signed by key {new[:16]}, the installed release by key {signer[:16]}", empty
    ):
        put(1, seed=seed, agrees=None)
    asked: list[Request] = []
    now = put(1, seed=seed, asked=asked).record
    assert (asked[0].signer, asked[0].signer_before) == (new, signer)
    assert parts.description_of(now.current)["signer"] == new
    assert (now.floor, now.enabled, now.previous) == (1, True, "")
    assert put(1, seed=seed).change == "nothing"


@pytest.mark.parametrize("is_new", [True, False])
def test_nobody_is_asked_about_a_package_with_a_damaged_byte(
    put: Put, packed: Callable[..., Path], empty: Path, is_new: bool
) -> None:
    if not is_new:
        put(1)
    path = packed(2, manifest=HTTP.format("a.org"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    asked: list[Request] = []

    def agree(request: Request) -> bool:
        asked.append(request)
        return True

    for consent in (Agreed(asked.append), agree):
        with refused(errors.Damaged, "does not have the digest", empty), path.open("rb") as file:
            install(file.fileno(), path.name, origin="here", consent=consent)
    with refused(errors.Damaged, "does not have the digest", empty), path.open("rb") as file:
        consents.plan(Installation(file.fileno(), path.name, origin="here"))
    assert asked == []


def test_what_was_agreed_to_beforehand_is_shown(packed: Callable[..., Path]) -> None:
    asked: list[Request] = []
    path = packed(1, manifest=HTTP.format("a.org"))
    with path.open("rb") as file:
        done = install(file.fileno(), path.name, origin="here", consent=Agreed(asked.append))
    assert (done.record.enabled, [request.consents for request in asked]) == (
        True,
        [(("http_client", "a.org"),)],
    )


def test_a_signer_nobody_trusts_is_refused(put: Put, empty: Path) -> None:
    with refused(errors.Untrusted, "not trusted", empty):
        put(seed=bytes(range(32)))


def test_a_key_signs_only_what_it_is_trusted_for(put: Put, empty: Path) -> None:
    seed = bytes(range(32))
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True)
    path.write_text(trust.line(making.public_key(seed), "another", ["weather*"]))
    with refused(errors.OutOfScope, "`faults`", empty):
        put(seed=seed)
    assert put(seed=seed, name="weather-at-home").change == "installed"


def test_at_level_strict_only_keys_of_the_operators_count(put: Put, empty: Path) -> None:
    change.set_level("strict")
    with refused(errors.Untrusted, "the operator did not add", empty):
        put()


def test_what_does_not_count_at_a_level_is_kept_for_another(put: Put) -> None:
    first = put(1).record.current
    change.set_level("strict")
    seed = bytes(range(32))
    path = Path(trust.operator_path())
    path.write_text(trust.line(making.public_key(seed), "office"))
    assert put(2, seed=seed).record.previous == first


@pytest.mark.parametrize("wish", ['{"do": "trap"}', '{"do": "no-such-thing"}', '{"do": "exit"}'])
def test_a_release_that_fails_its_own_check_does_not_replace_another(
    put: Put, empty: Path, wish: str
) -> None:
    put(1)
    with refused(errors.CheckFailed, "does not pass its own check", empty):
        put(2, manifest=CHECK.format(wish))
    assert answer() == ""
    assert put(2, manifest=CHECK.format('{"do": "nothing"}')).change == "upgraded"


def test_what_did_not_pass_is_told_as_what_it_is(put: Put) -> None:
    failing = CHECK.format('{"do": "trap"}')
    with pytest.raises(errors.CheckFailed) as caught:
        put(1, manifest=failing)
    assert caught.value.remedy.startswith("It was not installed")
    put(1)
    with pytest.raises(errors.CheckFailed) as caught:
        put(2, manifest=failing)
    assert caught.value.remedy.startswith("The installed release still runs")
    lifecycle.disable("faults")
    put(2, manifest=failing)
    with pytest.raises(errors.CheckFailed) as caught:
        lifecycle.enable("faults")
    assert caught.value.remedy.startswith("It stays disabled")


def test_code_for_another_machine_only_is_refused(put: Put, empty: Path) -> None:
    with refused(errors.WrongTarget, "aarch64", empty):
        put(engines=("aarch64",))


def test_where_there_is_no_native_code_the_interpreters_will_do(put: Put) -> None:
    assert put(engines=("pulley64",)).record.interpret
    assert answer() == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"version": "9.9.9"},
        {"release": 0},
        {"release": "1"},
        {"release": None},
        {"name": None},
        {"name": "No Name"},
        {"version": 1},
        {"imports": None},
        {"imports": [1]},
        {"tools": 3},
        {"exports": {}},
    ],
)
def test_a_description_that_does_not_fit_is_refused(put: Put, changes: dict[str, Any]) -> None:
    with pytest.raises(errors.Refused):
        put(changes=changes)
    assert records.named() == []


def test_an_import_that_nobody_provides_is_refused(
    wasm: Callable[[str], Path], put: Put, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = packages.package
    monkeypatch.setattr(packages, "package", lambda _, **how: genuine(wasm("types"), **how))
    with refused(errors.NotGranted, "edge:types/echo.*no such interface", empty):
        put(name="types")


def test_an_installation_is_told_with_all_that_matters(put: Put) -> None:
    done = put(7)
    entry = list(audit.entries("faults"))[-1]
    expected = {
        "event": "install",
        "version": "1.0.0",
        "release": 7,
        "id": done.record.current,
        "enabled": True,
    }
    assert expected.items() <= entry.items()
    put(8)
    assert list(audit.entries("faults"))[-1]["event"] == "upgrade"
