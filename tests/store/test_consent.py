"""Consent: what is shown, what a yes covers, and questions while others change what they are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from edge import _native as native
from edge import errors, store
from edge._native import making
from edge.cli import consent as shown
from edge.policy import change as policy_change
from edge.policy import file as policy_file
from edge.store import consent, lifecycle, lock, records
from edge.store.consent import Request
from edge.store.install import Installation, Outcome
from edge.trust import edit, key_file
from tests.store.running import load
from tests.support.installing import install

Put = Callable[..., Outcome]

HTTP = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["{}"]\n'
TOKEN = """permissions = ["config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
"""
MEMORY = "[edge.limits]\nmemory = 9000000000\n"
LOW = '[[edge.tools]]\nname = "faults"\nrisk = "low"\n'
SECRET = ("config_read", "token")
MORE = ("limits", "memory", "9000000000")


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "TIMEOUT", 0.0)


class Operator:
    """Agrees to all that it is asked; something else happens while the first question stands."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.asked: list[Request] = []
        self._meanwhile = meanwhile

    def __call__(self, request: Request) -> bool:
        self.asked.append(request)
        if len(self.asked) == 1:
            self._meanwhile()
        return True


def installed(path: Path, meanwhile: Callable[[], object], **how: Any) -> tuple[Outcome, list[Request]]:
    operator = Operator(meanwhile)
    with path.open("rb") as file:
        return install(file.fileno(), path.name, origin=str(path), consent=operator, **how), operator.asked


def test_what_becomes_of_other_plugins_is_no_other_question(put: Put, packed: Callable[..., Path]) -> None:
    done, asked = installed(packed(5, manifest=HTTP.format("a.org")), lambda: put(name="other"))
    assert (done.record.enabled, len(asked)) == (True, 1)
    assert records.named() == ["faults", "other"]


def test_another_release_that_it_is_to_replace_is_another_question(
    put: Put, packed: Callable[..., Path]
) -> None:
    put(1)
    path = packed(5, manifest=HTTP.format("a.org"))
    done, asked = installed(path, lambda: put(2, manifest=HTTP.format("b.org")))
    first, second = ([change.what for change in request.changes] for request in asked)
    assert first == ["declares http_client a.org"]
    assert first != second
    assert (done.change, done.record.enabled) == ("upgraded", True)


def test_other_bytes_in_the_file_are_another_question(packed: Callable[..., Path]) -> None:
    path, other = packed(5, manifest=HTTP.format("a.org")), packed(6, manifest=HTTP.format("b.org"))
    done, asked = installed(path, lambda: path.write_bytes(other.read_bytes()))
    assert [request.manifest.requests for request in asked] == [
        (("http_client", "a.org"),),
        (("http_client", "b.org"),),
    ]
    assert done.record.consents == (("http_client", "b.org"),)


def test_a_newer_release_that_came_meanwhile_stays(put: Put, packed: Callable[..., Path]) -> None:
    with pytest.raises(errors.Downgrade):
        installed(packed(5, manifest=HTTP.format("a.org")), lambda: put(9))
    assert records.get("faults").floor == 9


def test_what_is_for_another_machine_is_no_question(packed: Callable[..., Path]) -> None:
    operator = Operator(lambda: None)
    path = packed(5, manifest=HTTP.format("a.org"), engines=("aarch64",))
    with path.open("rb") as file, pytest.raises(errors.WrongTarget):
        install(file.fileno(), path.name, origin=str(path), consent=operator)
    assert operator.asked == []


def test_enabling_keeps_nobody_waiting_either(put: Put) -> None:
    put(manifest=HTTP.format("a.org"), agrees=None)
    operator = Operator(lambda: put(name="other"))
    assert lifecycle.enable("faults", consent=operator).enabled
    assert len(operator.asked) == 1


def test_enabling_what_another_removed_meanwhile(put: Put) -> None:
    put(manifest=HTTP.format("a.org"), agrees=None)
    with pytest.raises(errors.NotInstalled):
        lifecycle.enable("faults", consent=Operator(lambda: lifecycle.remove("faults")))


def revoke(ask: tuple[str, ...]) -> None:
    """As `edge policy revoke` does."""
    lifecycle.take_back("faults", ask)
    policy_change.revoke("faults", ask)


def lines(request: Request, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """What a terminal shows of a request, but for the first line."""
    capfd.readouterr()
    shown.show(request)
    said = (line.strip() for line in capfd.readouterr().err.splitlines()[1:])
    return [line for line in said if not line.startswith("warning: ")]


def reads_the_secret() -> bool:
    return load("faults").plan.granted(None).permits(*SECRET)


def test_a_yes_to_a_small_change_does_not_give_back_what_was_revoked_unseen(
    put: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    put(1, manifest=TOKEN)
    assert reads_the_secret()
    revoke(SECRET)
    asked: list[Request] = []
    with pytest.raises(errors.NeedsConsent) as caught:
        put(2, manifest=TOKEN + MEMORY, agrees=False, asked=asked)
    # Whoever reads only the error reads all that --yes covers.
    assert "requests config_read token, which it does not have now" in caught.value.message
    assert "declares limits memory 9000000000" in caught.value.message
    assert not reads_the_secret()
    assert lines(asked[0], capfd) == [
        "+ WIDER requests config_read token, which it does not have now",
        "+ WIDER declares limits memory 9000000000",
    ]
    assert asked[0].consents == (MORE, SECRET)
    # Whoever agrees to that has read it.
    assert put(2, manifest=TOKEN + MEMORY).record.consents == (MORE, SECRET)


def test_a_release_that_wants_no_more_does_not_have_what_was_revoked(put: Put) -> None:
    put(1, manifest=TOKEN)
    revoke(SECRET)
    asked: list[Request] = []
    done = put(2, manifest=TOKEN, asked=asked)
    assert (asked, done.record.enabled, done.record.consents) == ([], True, ())
    assert not reads_the_secret()
    assert put(2, manifest=TOKEN).change == "nothing"
    lifecycle.reload("faults")
    lifecycle.rollback("faults")
    assert not reads_the_secret()


def test_what_is_mended_does_not_have_what_was_revoked(put: Put) -> None:
    current = put(1, manifest=TOKEN).record.current
    revoke(SECRET)
    code = Path(store.release_path(current)) / store.CODE
    code.write_bytes(code.read_bytes()[:-1] + b"?")
    assert put(1, manifest=TOKEN, agrees=None).change == "upgraded"
    assert not reads_the_secret()


@pytest.mark.parametrize("part", [store.HEAD, store.COMPILED])
def test_of_what_is_damaged_all_is_shown(put: Put, capfd: pytest.CaptureFixture[str], part: str) -> None:
    current = put(1, manifest=TOKEN + LOW).record.current
    revoke(SECRET)
    (Path(store.release_path(current)) / part).write_bytes(b"?")
    asked: list[Request] = []
    put(1, manifest=TOKEN + LOW, asked=asked)
    assert lines(asked[0], capfd) == ["requests config_read token", "declares low risk for faults"]


def test_of_what_nobody_agreed_to_all_is_shown_with_the_next_release(
    put: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    put(1, manifest=TOKEN + LOW, agrees=None)
    asked: list[Request] = []
    done = put(2, manifest=TOKEN + MEMORY + LOW, asked=asked)
    assert lines(asked[0], capfd) == [
        "requests limits memory 9000000000",
        "requests config_read token",
        "declares low risk for faults",
    ]
    assert (done.record.enabled, done.record.consents) == (True, (MORE, SECRET))


def test_nobody_agreeing_again_leaves_it_disabled_again(put: Put) -> None:
    put(1, manifest=TOKEN, agrees=None)
    asked: list[Request] = []
    done = put(2, manifest=TOKEN, agrees=False, asked=asked)
    assert (len(asked), done.record.enabled, done.record.consents) == (1, False, ())
    with pytest.raises(errors.NeedsConsent, match=r"\(requests config_read token\)"):
        lifecycle.enable("faults")
    with pytest.raises(errors.NeedsConsent, match="requests limits memory 9000000000; requests config_read"):
        put(3, manifest=TOKEN + MEMORY, agrees=False)


def test_what_an_operator_disabled_stays_so_with_a_yes(put: Put) -> None:
    put(1, manifest=TOKEN)
    lifecycle.disable("faults")
    assert not put(2, manifest=TOKEN + MEMORY).record.enabled
    assert lifecycle.enable("faults").enabled


def test_a_lone_change_of_the_signer_shows_all_that_the_new_one_has(
    put: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    seed = bytes(range(32))
    edit.add(making.public_key(seed), "another")
    manifest = TOKEN + MEMORY
    put(1, manifest=manifest)
    revoke(SECRET)
    asked: list[Request] = []
    assert put(2, manifest=manifest, seed=seed, asked=asked).record.consents == (MORE, SECRET)
    signed, *rest = lines(asked[0], capfd)
    assert signed.startswith("is signed by another key than before")
    assert rest == ["requests limits memory 9000000000", "requests config_read token"]


def test_a_lower_risk_is_shown_with_what_was_revoked(put: Put, capfd: pytest.CaptureFixture[str]) -> None:
    put(1, manifest=TOKEN)
    revoke(("config_read",))
    asked: list[Request] = []
    put(2, manifest=TOKEN + LOW, asked=asked)
    assert lines(asked[0], capfd) == [
        "+ WIDER requests config_read token, which it does not have now",
        "+ WIDER the risk of faults changes from high to low",
    ]


def test_what_is_narrower_than_what_was_revoked_is_not_told_as_less(
    put: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    put(1, manifest=HTTP.format("*.example.org"))
    revoke(("http_client",))
    asked: list[Request] = []
    put(2, manifest=HTTP.format("a.example.org") + LOW, asked=asked)
    assert (
        lines(asked[0], capfd)[0] == "+ WIDER requests http_client a.example.org, which it does not have now"
    )
    assert not any("- declares http_client a" in line for line in lines(asked[0], capfd))


@pytest.mark.parametrize("level", ["strict", "paranoid"])
def test_a_yes_to_what_the_level_does_not_give_gives_it_at_no_other_level(
    put: Put, capfd: pytest.CaptureFixture[str], level: str
) -> None:
    edit.add(own_key(), "local")
    policy_change.set_level(level)
    asked: list[Request] = []
    done = put(1, manifest=TOKEN, asked=asked)
    assert lines(asked[0], capfd) == [f"requests config_read token (not granted at level {level})"]
    assert (done.record.enabled, done.record.consents) == (True, ())
    policy_change.set_level("default")
    assert not reads_the_secret()


def test_a_release_without_the_level_of_its_own_shows_what_it_gets_by_that(put: Put) -> None:
    edit.add(own_key(), "local")
    put(1, manifest=TOKEN + '[edge]\nlevel = "strict"\n')
    assert not reads_the_secret()
    asked: list[Request] = []
    put(2, manifest=TOKEN, asked=asked)
    assert [change.what for change in asked[0].changes] == [
        "requests config_read token, which it does not have now",
        "its own security level changes from strict to relaxed",
    ]


def test_what_level_relaxed_gave_unasked_is_shown_with_the_next_question(put: Put) -> None:
    policy_change.set_level("relaxed")
    asked: list[Request] = []
    put(1, manifest=TOKEN, asked=asked)
    assert (asked, reads_the_secret()) == ([], True)
    policy_change.set_level("default")
    assert not reads_the_secret()
    put(2, manifest=TOKEN + MEMORY, asked=asked)
    assert asked[0].consents == (MORE, SECRET)


def test_what_was_granted_is_the_policys_and_no_consent(put: Put) -> None:
    policy_change.grant("faults", ("config_read",))
    assert put(1, manifest=TOKEN).record.consents == ()
    asked: list[Request] = []
    assert put(2, manifest=TOKEN + MEMORY, asked=asked).record.consents == (MORE,)
    assert asked[0].missing == (MORE,)
    assert reads_the_secret()
    Path(policy_file.default_path()).unlink()
    assert not reads_the_secret()


def test_going_back_to_what_nobody_agreed_to_does_not_enable_it(put: Put) -> None:
    put(1, remote=True, agrees=None)
    put(2)
    assert lifecycle.enable("faults", consent=lambda _: True).enabled
    back = lifecycle.rollback("faults")
    assert (back.enabled, back.remote) == (False, True)
    with pytest.raises(errors.NeedsConsent):
        lifecycle.enable("faults")
    assert not lifecycle.rollback("faults").enabled
    assert lifecycle.enable("faults").enabled


def test_going_back_to_what_was_agreed_to_asks_nobody(put: Put) -> None:
    put(1, manifest=TOKEN)
    put(2)
    back = lifecycle.rollback("faults")
    assert (back.enabled, reads_the_secret()) == (True, True)
    assert lifecycle.rollback("faults").enabled


def test_a_revocation_while_a_question_stands_is_another_question(
    put: Put, packed: Callable[..., Path]
) -> None:
    put(1, manifest=TOKEN)
    done, asked = installed(packed(2, manifest=TOKEN + MEMORY), lambda: revoke(SECRET))
    assert [request.consents for request in asked] == [(MORE,), (MORE, SECRET)]
    assert done.record.consents == (MORE, SECRET)


def test_a_level_that_rises_while_a_question_stands_is_another_question(packed: Callable[..., Path]) -> None:
    edit.add(own_key(), "local")
    done, asked = installed(packed(1, manifest=TOKEN), lambda: policy_change.set_level("strict"))
    assert [request.consents for request in asked] == [(SECRET,), ()]
    assert done.record.consents == ()


def test_the_same_release_signed_by_another_key_is_another_question(packed: Callable[..., Path]) -> None:
    seed = bytes(range(32))
    edit.add(making.public_key(seed), "another")
    path = packed(1, manifest=TOKEN)
    done, asked = installed(path, lambda: packed(1, manifest=TOKEN, seed=seed))
    assert (len(asked), done.record.enabled) == (2, True)


def test_a_client_plans_and_commits_in_two_requests(packed: Callable[..., Path]) -> None:
    path = packed(1, manifest=TOKEN)
    with path.open("rb") as file:
        work = Installation(file.fileno(), path.name, origin="here")
        planned = consent.plan(work)
        assert (planned.request and planned.request.consents, records.named()) == ((SECRET,), [])
        done, again = consent.commit(work, "another stamp", agreed=True)
        assert (done, again.stamp, records.named()) == (None, planned.stamp, [])
        policy_change.grant("faults", SECRET)
        done, again = consent.commit(work, planned.stamp, agreed=True)
        assert (done, again.request, records.named()) == (None, None, [])
        done, _ = consent.commit(work, again.stamp, agreed=False)
        assert done is not None
        assert (done.record.enabled, done.record.consents) == (True, ())


def test_a_record_of_an_older_edge_is_approved_as_far_as_it_is_enabled(put: Put) -> None:
    for enabled in (True, False):
        current = put(1).record.current
        if not enabled:
            lifecycle.disable("faults")
        path = Path(store.record_path("faults"))
        said = native.read_json(path.read_bytes())
        del said["approved"]
        path.write_text(json.dumps(said))
        assert records.get("faults").is_approved(current) is enabled


def own_key() -> bytes:
    public = key_file.local_public()
    assert public is not None
    return public
