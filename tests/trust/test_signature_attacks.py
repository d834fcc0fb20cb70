"""Whoever lacks the key, or goes beyond what it may sign, gets nothing loaded.

Each attack goes through the door, as a package that comes in, and past it: its head and code straight to the
loader, as if somebody had put them into the store. Forgeries are such as a lax verifier takes, and the tests
make sure of that.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import Runtime, errors, trust
from tests.attacks import contents, descriptions, forgeries, signatures, trusted
from tests.attacks.forgeries import forged_for
from tests.attacks.world import (
    ARTIFACT_FOOTER,
    ATTACKS,
    CODE,
    ENGINE,
    NAME,
    PUBLIC,
    SEED,
    TRUSTED,
    Attack,
    Pack,
    World,
    file,
    past_the_door,
    through_the_door,
)
from tests.support import edwards, packing
from tests.support.packing import PURPOSE

MODULES = (signatures, trusted, forgeries, descriptions, contents)


@pytest.fixture(scope="module")
def world(package: Callable[..., Path], artifact: Callable[..., Path]) -> World:
    def pack(name: str) -> Pack:
        contents = package(name, engines=(ENGINE, "pulley32"), seed=SEED).read_bytes()
        return Pack(contents, *packing.apart(contents))

    code = artifact(NAME).read_bytes()
    _, _, length, magic = ARTIFACT_FOOTER.unpack(code[-ARTIFACT_FOOTER.size :])
    text = code[-ARTIFACT_FOOTER.size - length : -ARTIFACT_FOOTER.size]
    signature = Ed25519PrivateKey.from_private_bytes(SEED).sign(b"edge artifact description v1\n" + text)
    lone = code[: -ARTIFACT_FOOTER.size] + ARTIFACT_FOOTER.pack(PUBLIC, signature, length, magic)
    return World(pack(NAME), pack("faults"), lone)


def refused(world: World, tried: Attack) -> None:
    with pytest.raises(errors.EdgeError) as caught:
        through_the_door(tried.contents, tried.trusted)
    assert type(caught.value) is tried.kind, caught.value
    if tried.past:
        with pytest.raises((errors.Refused, errors.OptionsError)):
            past_the_door(tried.contents, tried.trusted, world.ours.files[CODE])


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(world: World, name: str) -> None:
    refused(world, ATTACKS[name](world))


@pytest.mark.parametrize("index", range(8))
def test_a_key_of_small_order_signs_nothing_even_when_it_is_trusted(world: World, index: int) -> None:
    public = edwards.encode(edwards.torsion()[index])
    forged = forged_for(public, PURPOSE + world.ours.text)
    assert edwards.cofactored(public, PURPOSE + world.ours.text, forged)
    refused(world, Attack(world.ours.signed_by(public, forged), errors.BadSignature, trust.of_keys([public])))


@pytest.mark.parametrize("public", list(edwards.odd_spellings()), ids=bytes.hex)
def test_a_key_that_is_spelled_oddly_signs_nothing_even_when_it_is_trusted(
    world: World, public: bytes
) -> None:
    forged = forged_for(public, PURPOSE + world.ours.text)
    refused(world, Attack(world.ours.signed_by(public, forged), errors.BadSignature, trust.of_keys([public])))


def test_without_an_attack_the_packages_are_taken(world: World) -> None:
    for pack in (world.ours, world.faults):
        through_the_door(pack.contents, TRUSTED)
        past_the_door(pack.contents, TRUSTED, pack.files[CODE])
        through_the_door(pack.saying(release=5), TRUSTED + b"release 5\nwasmtime 48.0.0\n")
    assert len(ATTACKS) >= 30
    assert {make.__module__ for make in ATTACKS.values()} == {module.__name__ for module in MODULES}


def test_a_description_of_a_package_is_none_of_a_lone_artifact(world: World) -> None:
    footer = ARTIFACT_FOOTER.pack(PUBLIC, world.ours.signature, len(world.ours.text), b"EDGEAOT1")
    with file(world.ours.files[CODE] + world.ours.text + footer) as fd, pytest.raises(errors.BadSignature):
        Runtime(trusted=TRUSTED).load_open(fd, "attack")
    with file(world.artifact) as fd:
        Runtime(trusted=TRUSTED).load_open(fd, "genuine")
