"""Forgeries that a lax verifier takes, which each of them makes sure of."""

from __future__ import annotations

from edge import errors, trust
from tests.attacks.world import PUBLIC, SEED, Attack, World, attack
from tests.support import edwards
from tests.support.packing import PURPOSE


@attack
def second_spelling_of_the_signature(world: World) -> Attack:
    """S + L: the same equation holds, so that one package would have many signatures."""
    r, scalar = world.ours.signature[:32], int.from_bytes(world.ours.signature[32:], "little")
    forged = r + (scalar + edwards.L).to_bytes(32, "little")
    assert edwards.cofactored(PUBLIC, PURPOSE + world.ours.text, forged)
    return Attack(world.ours.signed_by(PUBLIC, forged), errors.BadSignature)


@attack
def nonce_of_zero(world: World) -> Attack:
    """R is the identity, S = k a: the equation holds."""
    scalar, _ = edwards.secret(SEED)
    r = edwards.encode(edwards.IDENTITY)
    k = edwards.challenge(r, PUBLIC, PURPOSE + world.ours.text)
    forged = r + (k * scalar % edwards.L).to_bytes(32, "little")
    assert edwards.cofactored(PUBLIC, PURPOSE + world.ours.text, forged)
    return Attack(world.ours.signed_by(PUBLIC, forged), errors.BadSignature)


@attack
def all_zero_signature_of_the_all_zero_key(world: World) -> Attack:
    contents = world.ours.signed_by(bytes(32), bytes(64))
    return Attack(contents, errors.BadSignature, trust.of_keys([bytes(32)]))


@attack
def all_zero_r(world: World) -> Attack:
    return Attack(world.ours.signed_by(PUBLIC, bytes(32) + world.ours.signature[32:]), errors.BadSignature)


@attack
def nonce_with_a_part_of_small_order(world: World) -> Attack:
    """R + T: a verifier that multiplies by the cofactor does not see T."""
    scalar, _ = edwards.secret(SEED)
    nonce = 1234567
    r = edwards.encode(edwards.add(edwards.multiply(nonce, edwards.BASE), edwards.torsion()[1]))
    k = edwards.challenge(r, PUBLIC, PURPOSE + world.ours.text)
    forged = r + ((nonce + k * scalar) % edwards.L).to_bytes(32, "little")
    assert edwards.cofactored(PUBLIC, PURPOSE + world.ours.text, forged)
    return Attack(world.ours.signed_by(PUBLIC, forged), errors.BadSignature)


@attack
def key_with_a_part_of_small_order(world: World) -> Attack:
    """A + T is another key, which was never trusted, with signatures that A's owner can make for it."""
    point = edwards.decode(PUBLIC)
    assert point is not None
    public = edwards.encode(edwards.add(point, edwards.torsion()[1]))
    scalar, _ = edwards.secret(SEED)
    r = edwards.encode(edwards.multiply(7654321, edwards.BASE))
    k = edwards.challenge(r, public, PURPOSE + world.ours.text)
    forged = r + ((7654321 + k * scalar) % edwards.L).to_bytes(32, "little")
    assert edwards.cofactored(public, PURPOSE + world.ours.text, forged)
    return Attack(world.ours.signed_by(public, forged), errors.Untrusted)


def forged_for(public: bytes, message: bytes) -> bytes:
    """A signature for a key of small order, which nobody needs a private key for."""
    for nonce in range(1, 1000):
        r = edwards.encode(edwards.multiply(nonce, edwards.BASE))
        if edwards.challenge(r, public, message) % 8 == 0:
            return r + nonce.to_bytes(32, "little")
    raise AssertionError("one in eight challenges will do")
