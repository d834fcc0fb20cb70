from __future__ import annotations

import pytest

from edge import errors
from edge.limits import PI_ZERO
from edge.manifest import Manifest
from edge.operations import run
from edge.operations.run import Terms
from edge.policy import change
from edge.trust import edit, key_file

ASK = ("config_read", "token")
DECLARED = Manifest(
    fields={"name": "weather", "version": "1"},
    permissions=["config_read"],
    requests=[ASK],
    risks={"read": "low"},
)


def terms(**options: str) -> Terms:
    return run.terms(DECLARED, PI_ZERO, audit=lambda _: None, **options)[0]


def test_who_hands_over_a_secret_agrees_that_it_is_read_and_to_no_other() -> None:
    found, lowered = run.terms(DECLARED, PI_ZERO, secrets=["token", "other"], audit=lambda _: None)
    assert (found.grants.allowed, lowered) == ((ASK,), None)
    assert terms().grants.allowed == ()


def test_only_a_level_lower_than_the_policys_is_for_the_audit_log() -> None:
    change.set_level("strict", "weather")
    for level, is_lower in (("relaxed", True), ("strict", False), ("paranoid", False)):
        lowered = run.terms(DECLARED, PI_ZERO, level=level, audit=lambda _: None)[1]
        assert (lowered is not None) == is_lower


def test_before_a_component_is_compiled_its_signer_and_its_risk_are_known() -> None:
    terms().check_source("a.wasm", [], unattended=["read"])
    with pytest.raises(errors.Denied):
        terms().check_source("a.wasm", [], unattended=["write"])
    with pytest.raises(errors.Untrusted, match="the operator did not add"):
        terms(level="strict").check_source("a.wasm", [])
    own = key_file.local_public()
    assert own is not None
    edit.revoke("ed25519", own.hex(), "")
    with pytest.raises(errors.Untrusted, match="was revoked here"):
        terms().check_source("a.wasm", [])
