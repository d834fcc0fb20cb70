"""Consent: what is shown, what a yes covers, and questions while others change what they are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge import errors
from edge.store import lifecycle, lock, record
from edge.store.consent import Request
from edge.store.install import Outcome, install

Put = Callable[..., Outcome]

HTTP = 'permissions = ["http_client"]\n[edge.http]\nhosts = ["{}"]\n'


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)


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
    assert record.named() == ["faults", "other"]


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
    assert [request.manifest.asks for request in asked] == [
        (("http_client", "a.org"),),
        (("http_client", "b.org"),),
    ]
    assert done.record.consents == (("http_client", "b.org"),)


def test_a_newer_release_that_came_meanwhile_stays(put: Put, packed: Callable[..., Path]) -> None:
    with pytest.raises(errors.Downgrade):
        installed(packed(5, manifest=HTTP.format("a.org")), lambda: put(9))
    assert record.get("faults").floor == 9


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
