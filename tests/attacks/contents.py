"""Files that are not those which were signed, or are signed and must not be."""

from __future__ import annotations

import hashlib

from edge import errors
from edge.package import MANIFEST
from tests.attacks.world import CODE, ENGINE, SEED, Attack, World, attack
from tests.support import packing
from tests.support.packing import spelled


@attack
def two_heads(world: World) -> Attack:
    """A genuine head before a genuine package of another plugin."""
    return Attack(world.ours.head + world.faults.contents, errors.Damaged, past=False)


@attack
def two_packages(world: World) -> Attack:
    return Attack(world.ours.contents + world.faults.contents, errors.Damaged, past=False)


@attack
def package_behind_something_else(world: World) -> Attack:
    return Attack(b"\0" * 512 + world.ours.contents, errors.NotPackage)


@attack
def code_of_another_package(world: World) -> Attack:
    size = len(world.ours.files[CODE])
    code = world.faults.files[CODE][:size].ljust(size, b"\0")
    body = b"".join({**world.ours.files, CODE: code}.values())
    return Attack(world.ours.head + body, errors.Damaged, past=False)


@attack
def manifest_of_another_package(world: World) -> Attack:
    size = len(world.ours.files[MANIFEST])
    manifest = world.faults.files[MANIFEST][:size].ljust(size)
    body = b"".join({**world.ours.files, MANIFEST: manifest}.values())
    return Attack(world.ours.head + body, errors.Damaged, past=False)


@attack
def manifest_of_another_plugin_that_was_signed(world: World) -> Attack:
    manifest = world.faults.files[MANIFEST]
    entry = {"size": len(manifest), "sha256": hashlib.sha256(manifest).hexdigest()}
    text = spelled({**world.ours.description, "files": world.ours.entries(MANIFEST, **entry)})
    body = b"".join({**world.ours.files, MANIFEST: manifest}.values())
    return Attack(packing.head(text, SEED) + body, errors.BadPackage, past=False)


@attack
def files_in_another_order(world: World) -> Attack:
    return Attack(world.ours.head + b"".join(reversed(world.ours.files.values())), errors.Damaged, past=False)


@attack
def file_under_another_name(world: World) -> Attack:
    return Attack(world.ours.unsigned(files=world.ours.entries(MANIFEST, name="readme")), errors.BadSignature)


@attack
def code_for_another_engine_under_the_name_of_this_one(world: World) -> Attack:
    relabelled = world.ours.entries("code.pulley32", engine=ENGINE)
    return Attack(world.ours.unsigned(files=relabelled), errors.BadSignature)


@attack
def code_for_another_engine_that_was_signed_for_this_one(world: World) -> Attack:
    """Its digest is right: it is the engine that does not take it."""
    code = world.ours.files["code.pulley32"]
    entry = {"size": len(code), "sha256": hashlib.sha256(code).hexdigest()}
    text = spelled({**world.ours.description, "files": world.ours.entries(CODE, **entry)})
    body = b"".join({**world.ours.files, CODE: code}.values())
    return Attack(packing.head(text, SEED) + body, errors.WrongEngine, past=False)


@attack
def other_fingerprint(world: World) -> Attack:
    entries = world.ours.entries(CODE, fingerprint="0" * 16)
    return Attack(world.ours.unsigned(files=entries), errors.BadSignature)


@attack
def other_fingerprint_that_was_signed(world: World) -> Attack:
    entries = world.ours.entries(CODE, fingerprint="0" * 16)
    return Attack(world.ours.saying(files=entries), errors.WrongEngine)


@attack
def file_outside_the_package(world: World) -> Attack:
    entries = world.ours.entries(MANIFEST, name="../manifest.toml")
    return Attack(world.ours.saying(files=entries), errors.Damaged)


@attack
def file_of_endless_size(world: World) -> Attack:
    return Attack(world.ours.saying(files=world.ours.entries(MANIFEST, size=2**64 - 1)), errors.Damaged)


@attack
def file_of_negative_size(world: World) -> Attack:
    return Attack(world.ours.saying(files=world.ours.entries(MANIFEST, size=-1)), errors.Damaged)


@attack
def code_twice(world: World) -> Attack:
    files = [*world.ours.description["files"], world.ours.description["files"][1]]
    return Attack(world.ours.saying(files=files), errors.Damaged)
