from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from edge import audit, store, trust
from edge.doctor.finding import Finding
from edge.policy import change as policy_change
from edge.policy import file as policy_file
from edge.store import records, verify
from tests.store.test_status import own_key, put_channel

Check = Callable[[str], Finding]
Put = Callable[..., Any]

CHECKS = ("store", "plugins", "engine", "compiler", "revoked", "signers", "grants", "audit")


def change(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def say(*lines: str) -> None:
    path = Path(trust.operator_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    path.chmod(0o600)


def release(which: str) -> Path:
    found = records.get("faults")
    return Path(store.release_path(getattr(found, which)))


def test_where_nothing_is_installed_nothing_is_wrong(finding: Check, empty: Path) -> None:
    assert [finding(name).status for name in CHECKS] == ["pass"] * len(CHECKS)
    assert not (empty / "store").exists()


def test_what_is_installed_as_it_should_be(finding: Check, put: Put) -> None:
    put(1)
    put(2)
    put(1, name="other")
    assert [finding(name).status for name in CHECKS] == ["pass"] * len(CHECKS)
    assert finding("store").found == "2 records"
    assert finding("plugins").found == "2 plugins, as signed"
    assert finding("engine").found == "this library loads 3 releases"


def test_a_record_that_means_nothing(finding: Check, put: Put) -> None:
    put(1)
    Path(store.record_path("faults")).write_text("{")
    found = finding("store")
    assert (found.status, "not a valid plugin record" in found.found, bool(found.remedy)) == (
        "fail",
        True,
        True,
    )
    assert finding("plugins").status == "pass"


def test_a_release_that_is_gone(finding: Check, put: Put) -> None:
    put(1)
    shutil.rmtree(release("current"))
    assert "of faults is missing" in finding("store").found
    assert (finding("store").status, finding("plugins").status) == ("fail", "fail")


@pytest.mark.parametrize("part", [store.HEAD, store.CODE, store.MANIFEST])
def test_a_byte_that_was_changed(finding: Check, put: Put, part: str) -> None:
    put(1)
    change(release("current") / part)
    found = finding("plugins")
    assert (found.status, found.found.startswith("faults: "), bool(found.remedy)) == ("fail", True, True)


def test_a_changed_byte_in_what_is_only_kept_is_a_warning(finding: Check, put: Put) -> None:
    put(1)
    put(2)
    change(release("previous") / store.CODE)
    found = finding("plugins")
    assert (found.status, "faults, previous release: " in found.found) == ("warn", True)


def test_of_many_problems_some_are_named_and_all_counted(finding: Check, put: Put) -> None:
    for at in range(5):
        put(1, name=f"plugin{at}")
        change(Path(store.release_path(records.get(f"plugin{at}").current)) / store.CODE)
    found = finding("plugins").found
    assert found.count("plugin") >= 3
    assert found.endswith("; and 2 more")


def test_a_library_that_does_not_load_what_is_installed(
    finding: Check, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    about = native.about()
    fingerprints = {**about["fingerprints"], about["engine"]: "0123456789abcdef"}
    monkeypatch.setattr("edge._native.about", lambda: {**about, "fingerprints": fingerprints})
    found = finding("engine")
    assert (found.status, "the library requires 0123456789abcdef" in found.found) == ("fail", True)


def test_a_compiler_that_is_not_taken_any_more(finding: Check, put: Put) -> None:
    put(1)
    say("wasmtime 99.0.0")
    found = finding("compiler")
    assert (found.status, "code from before 99.0.0 is refused" in found.found) == ("fail", True)
    assert "Compile the plugin again" in found.remedy
    assert [finding(name).status for name in ("plugins", "revoked")] == ["pass", "pass"]


@pytest.mark.parametrize(("which", "status"), [("current", "fail"), ("previous", "warn")])
def test_what_was_revoked_since(finding: Check, put: Put, which: str, status: str) -> None:
    put(1)
    put(2)
    head = (release(which) / store.HEAD).read_bytes()
    digest = getattr(records.get("faults"), which)[:64]
    assert digest == hashlib.sha256(head[108:]).hexdigest()
    say(f"revoked sha256 {digest} was bad")
    found = finding("revoked")
    assert (found.status, f"{digest} was revoked" in found.found) == (status, True)
    assert [finding(name).status for name in ("plugins", "compiler")] == ["pass", "pass"]


def test_an_audit_log_that_was_changed(finding: Check, put: Put, empty: Path) -> None:
    put(1)
    audit.append({"event": "test"})
    change(empty / "audit" / "log")
    found = finding("audit")
    assert (found.status, "edge audit --verify" in found.remedy) == ("fail", True)


def test_a_signer_that_does_not_count_at_a_plugins_level(finding: Check, put: Put) -> None:
    put(1)
    policy_change.set_level("strict", "faults")
    found = finding("signers")
    assert (found.status, "the operator did not add" in found.found) == ("fail", True)
    assert "edge key trust" in found.remedy
    assert [finding(name).status for name in ("plugins", "revoked")] == ["pass", "pass"]


def test_a_grant_that_an_enabled_plugin_lacks(finding: Check, package: Callable[..., Path]) -> None:
    put_channel(package)
    assert finding("grants").status == "pass"
    say(trust.line(own_key(), "local"))
    policy_change.set_level("strict")
    found = finding("grants")
    assert (found.status, "requires a grant by the operator" in found.found) == ("fail", True)


def test_a_policy_that_means_nothing_is_no_damage_of_plugins(finding: Check, put: Put) -> None:
    put(1)
    path = Path(policy_file.default_path())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("?")
    assert [finding(name).status for name in ("trust", "plugins")] == ["fail", "pass"]


OF_TRUST = ("trust", "compiler", "revoked", "signers", "grants")


@pytest.mark.parametrize("text", ["", "nonsense\n"])
def test_where_trust_can_not_be_read_nothing_is_said_to_be_trusted(
    finding: Check, put: Put, text: str
) -> None:
    put(1)
    say()
    path = Path(trust.operator_path())
    path.write_text(text)
    for name in OF_TRUST:
        found = finding(name)
        assert (found.status, str(path) in found.found, bool(found.remedy)) == ("fail", True, True), name


def test_trust_or_a_policy_that_others_may_write_leaves_signers_open(finding: Check, put: Put) -> None:
    put(1)
    policy_change.set_unattended("medium")
    say(trust.line(own_key(), "local").strip())
    for path in (Path(trust.operator_path()), Path(policy_file.default_path())):
        path.chmod(0o666)
        found = [finding(name) for name in OF_TRUST]
        assert {(each.status, str(path) in each.found) for each in found} == {("fail", True)}
        path.chmod(0o600)
    assert [finding(name).status for name in OF_TRUST] == ["pass"] * len(OF_TRUST)


def test_of_what_is_damaged_nobody_says_that_it_is_trusted(finding: Check, put: Put) -> None:
    put(1)
    change(release("current") / store.HEAD)
    found = finding("signers")
    assert (found.status, found.found.startswith("damaged releases were not checked: faults")) == (
        "warn",
        True,
    )


def test_what_is_replaced_while_its_bytes_are_read_is_no_damage(
    finding: Check, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    first = release("current")
    read = verify.digest
    done: list[str] = []

    def replaced(path: str) -> str:
        if path.startswith(str(first)) and not done:
            done.append(path)
            put(2)
            put(3)
        return read(path)

    monkeypatch.setattr(verify, "digest", replaced)
    assert finding("plugins").status == "pass"
    assert not first.exists()
