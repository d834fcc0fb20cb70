"""Signatures that are somebody else's, or for something else."""

from __future__ import annotations

import hashlib

from edge import errors
from edge.package import HEAD_BYTES
from tests.attacks.world import ARTIFACT_FOOTER, PUBLIC, Attack, World, attack, sign
from tests.support.packing import PURPOSE


@attack
def no_signature(world: World) -> Attack:
    return Attack(world.ours.signed_by(PUBLIC, bytes(64)), errors.BadSignature)


@attack
def no_head(world: World) -> Attack:
    return Attack(world.ours.body, errors.NotPackage)


@attack
def signature_of_another_package_of_the_key(world: World) -> Attack:
    return Attack(world.ours.signed_by(PUBLIC, world.faults.signature), errors.BadSignature)


@attack
def signature_of_another_release(world: World) -> Attack:
    newer = world.ours.saying(release=2_000_000)
    return Attack(world.ours.signed_by(PUBLIC, newer[HEAD_BYTES - 64 : HEAD_BYTES]), errors.BadSignature)


@attack
def signature_of_an_artifact(world: World) -> Attack:
    """Key, signature and description as they stand in the trailer that `edge compile` wrote."""
    public, signature, length, _ = ARTIFACT_FOOTER.unpack(world.artifact[-ARTIFACT_FOOTER.size :])
    text = world.artifact[-ARTIFACT_FOOTER.size - length : -ARTIFACT_FOOTER.size]
    return Attack(world.ours.signed_by(public, signature, text), errors.BadSignature)


@attack
def signature_of_an_artifact_over_this_description(world: World) -> Attack:
    signature = sign(b"edge artifact description v1\n" + world.ours.text)
    return Attack(world.ours.signed_by(PUBLIC, signature), errors.BadSignature)


@attack
def signature_without_its_purpose(world: World) -> Attack:
    return Attack(world.ours.signed_by(PUBLIC, sign(world.ours.text)), errors.BadSignature)


@attack
def signature_for_another_version_of_the_purpose(world: World) -> Attack:
    signature = sign(PURPOSE.replace(b"v1", b"v2") + world.ours.text)
    return Attack(world.ours.signed_by(PUBLIC, signature), errors.BadSignature)


@attack
def signature_of_the_digest(world: World) -> Attack:
    signature = sign(hashlib.sha512(PURPOSE + world.ours.text).digest())
    return Attack(world.ours.signed_by(PUBLIC, signature), errors.BadSignature)


@attack
def signature_with_its_halves_exchanged(world: World) -> Attack:
    signature = world.ours.signature
    return Attack(world.ours.signed_by(PUBLIC, signature[32:] + signature[:32]), errors.BadSignature)
