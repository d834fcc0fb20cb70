"""Sequences of what may become of a plugin, against a model: nothing is granted that nobody agreed to.

What counts as shown is read from the lines that a terminal shows. EDGE_SEQUENCES says how many sequences.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edge import errors, store
from edge.cli import consent, output
from edge.limits import here
from edge.permissions import levels, requests
from edge.policy import change, grants
from edge.store import lifecycle, planning, records
from edge.store.consent import Request
from edge.store.install import Outcome
from edge.store.parts import manifest_of
from edge.store.release import ID_DIGITS
from edge.trust import edit, key_file

Put = Callable[..., Outcome]
Words = tuple[str, ...]

NAME = "faults"
SEQUENCES = int(os.environ.get("EDGE_SEQUENCES", "40"))
STEPS = 14

HOSTS = ("a.example.org", "b.example.org:443", "*.example.org")
SECRETS = ("token", "pin")
QUOTAS = ("4096", "65536")
AMOUNTS = ("2000000", "9000000000", "9900000000")
POOL: tuple[Words, ...] = (
    *(("http_client", host) for host in HOSTS),
    *(("config_read", name) for name in SECRETS),
    *(("kv", quota) for quota in QUOTAS),
    *(("limits", "memory", amount) for amount in AMOUNTS),
    *((capability,) for capability in ("http_client", "config_read", "kv", "limits")),
)
"""What is granted and taken back; a capability's name is all of it."""

OFTEN = {"install": 8, "again": 2, "damage": 1, "rollback": 3, "disable": 2, "enable": 4}
OFTEN |= {"revoke": 6, "grant": 2, "level": 2, "reload": 1, "remove": 1}

REFUSALS = (errors.NeedsConsent, errors.Downgrade, errors.StateError, errors.NotInstalled)

LINE = re.compile(
    r"  (?:asks for|requests|\+ WIDER declares|\+ WIDER requests) (.*?)(?:, which it does not have now)?"
)


def some(random: Random, pool: Iterable[str]) -> list[str]:
    return [one for one in pool if random.random() < 0.4]


def manifest(random: Random) -> str:
    """What a release asks for, and what it says of itself."""
    hosts, secrets = some(random, HOSTS), some(random, SECRETS)
    permissions = ["http_client"] * bool(hosts) + ["config_read"] * bool(secrets)
    lines = [f"permissions = {permissions}"]
    for name in secrets:
        lines += [f"[config_schema.properties.{name}]", 'type = "string"', "x-secret = true"]
    if hosts:
        lines += ["[edge.http]", f"hosts = {hosts}"]
    if random.random() < 0.3:
        lines += ["[edge.kv]", f"quota_bytes = {random.choice(QUOTAS)}"]
    if random.random() < 0.5:
        lines += ["[edge.limits]", f"memory = {random.choice(AMOUNTS)}"]
    if random.random() < 0.2:
        lines += ["[edge]", f'level = "{random.choice(("default", "strict"))}"']
    if random.random() < 0.4:
        lines += ["[[edge.tools]]", 'name = "faults"', f'risk = "{random.choice(("low", "high"))}"']
    return "\n".join(lines) + "\n"


class Operator:
    """Agrees or not, and remembers what was on the screen when it agreed."""

    def __init__(self, random: Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.allowed: list[Words] = []
        self.declined: set[str] = set()
        self.agreed = False
        self.is_willing = False
        self._random = random
        self._lines: list[str] = []
        monkeypatch.setattr(output, "say", lambda text, **_: self._lines.append(text))

    def answer(self, request: Request) -> bool:
        """An answer to what is on the screen."""
        self._lines.clear()
        consent.show(request)
        self.agreed = self.is_willing or self._random.random() < 0.6
        if self.agreed:
            found = (LINE.fullmatch(line) for line in self._lines)
            shown = {match.group(1) for match in found if match}
            self.allowed += [ask for ask in request.manifest.requests if requests.spelled(ask) in shown]
        return self.agreed

    def take_back(self, ask: Words) -> None:
        """Revokes something, as `edge policy revoke` does."""
        lifecycle.take_back(NAME, ask)
        change.revoke(NAME, ask)
        self.allowed = [own for own in self.allowed if not requests.covers(ask, own)]

    def grant(self, ask: Words) -> None:
        """Grants something, as `edge policy grant` does."""
        change.grant(NAME, ask)
        self.allowed.append(ask)


class Device:
    """The real thing: releases by their number, and what an operator may do to them."""

    def __init__(self, put: Put, random: Random, operator: Operator) -> None:
        self._put = put
        self._random = random
        self._operator = operator
        self._known: dict[int, dict[str, Any]] = {}
        self._numbers: dict[str, int] = {}

    def act(self, step: str) -> str:
        """Does a step, and tells it."""
        self._operator.agreed = False
        before = list(self._operator.allowed)
        try:
            return f"{step} {getattr(self, step)()}"
        except REFUSALS as error:
            # A yes to what was refused after it is none.
            self._operator.allowed, self._operator.agreed = before, False
            return f"{step}: {type(error).__name__}"

    def install(self) -> str:
        number = len(self._known) + 1
        self._known[number] = {"manifest": manifest(self._random), "remote": self._random.random() < 0.2}
        return self._installed(number)

    def again(self) -> str:
        return self._installed(self._random.choice(list(self._known))) if self._known else ""

    def _installed(self, number: int) -> str:
        asked: list[Request] = []
        before = store.find(NAME)

        def answer(request: Request) -> bool:
            asked.append(request)
            return self._operator.answer(request)

        now = self._put(number, consent=answer, **self._known[number]).record
        digest = now.current[:ID_DIGITS]
        self._numbers[digest] = number
        if asked and self._operator.agreed:
            self._operator.declined.discard(digest)
        elif asked and (before is None or now.current != before.current):
            self._operator.declined.add(digest)
        return f"{number}, {len(asked)} questions, {'yes' if self._operator.agreed else 'no'}"

    def damage(self) -> None:
        """Damages what is installed, and mends it."""
        current = records.get(NAME).current
        part = self._random.choice((store.CODE, store.HEAD, store.COMPILED))
        path = Path(store.release_path(current)) / part
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        self._operator.is_willing = True
        self._installed(self._numbers[current[:ID_DIGITS]])
        self._operator.is_willing = False

    def enable(self) -> None:
        now = lifecycle.enable(NAME, consent=self._operator.answer)
        # Where it asks nobody, the command itself is the word of the operator.
        self._operator.declined.discard(now.current[:ID_DIGITS])

    def rollback(self) -> None:
        lifecycle.rollback(NAME)

    def disable(self) -> None:
        lifecycle.disable(NAME)

    def reload(self) -> None:
        lifecycle.reload(NAME)

    def remove(self) -> None:
        lifecycle.remove(NAME)
        self._operator.allowed.clear()

    def revoke(self) -> Words:
        ask = self._random.choice(POOL)
        self._operator.take_back(ask)
        return ask

    def grant(self) -> Words:
        ask = self._random.choice(POOL)
        self._operator.grant(ask)
        return ask

    def level(self) -> str:
        level = self._random.choice(("default", "default", "strict", "relaxed"))
        change.set_level(level)
        return level


def check(operator: Operator, told: list[str]) -> None:
    """Nothing is granted that the operator did not see and agree to, or grant, after it was last revoked."""
    found = store.find(NAME)
    if found is None or not found.current:
        return
    if found.enabled:
        assert found.current[:ID_DIGITS] not in operator.declined, told
    own = manifest_of(found.current)
    granted = grants.resolve(own, records.policy_for(found), profile=here())
    if levels.LEVELS[granted.level]["consent"] == "none":
        return
    called = tuple(map(tuple, planning.of(found, here()).grants["allowed"]))
    assert called == granted.allowed, told
    for ask in granted.allowed:
        assert requests.covered(ask, operator.allowed), (ask, told)
    free = levels.free_limits(granted.level, here())["memory"]
    amounts = [float(ask[-1]) for ask in operator.allowed if ask[:2] == ("limits", "memory")]
    if ("limits",) not in operator.allowed:
        assert granted.limits["memory"] <= max([free, *amounts]), told
    if operator.agreed and granted.level == "default":
        # And what was agreed to is granted, or a yes would be worth nothing.
        assert all(requests.covered(ask, granted.allowed) or is_free(ask, free) for ask in own.requests), told


def is_free(ask: Words, free: float) -> bool:
    return ask[0] == "limits" and float(ask[2]) <= free


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_nothing_is_granted_that_nobody_agreed_to(
    put: Put, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = key_file.local_public()
    assert public is not None
    edit.add(public, "local")
    random = Random(seed)
    operator = Operator(random, monkeypatch)
    device, told = Device(put, random, operator), list[str]()
    for _ in range(STEPS):
        (step,) = random.choices(list(OFTEN), tuple(OFTEN.values()))
        told.append(device.act(step))
        check(operator, told)
