"""Descriptions of another length, spelling or format than they should have."""

from __future__ import annotations

import struct
from typing import Any

from edge import errors, trust
from edge.package import MANIFEST
from tests.attacks.world import NAME, PUBLIC, SEED, Attack, Pack, World, attack
from tests.support import packing
from tests.support.packing import spelled


def lengthened(pack: Pack, by: int) -> bytes:
    length = len(pack.text) + by
    return pack.contents[:8] + struct.pack("<I", length % 2**32) + pack.contents[12:]


@attack
def longer_description_which_reaches_into_the_manifest(world: World) -> Attack:
    return Attack(lengthened(world.ours, len(world.ours.files[MANIFEST])), errors.BadSignature)


@attack
def shorter_description_whose_end_is_a_file(world: World) -> Attack:
    return Attack(lengthened(world.ours, -1), errors.BadSignature)


@attack
def description_of_no_length(world: World) -> Attack:
    return Attack(lengthened(world.ours, -len(world.ours.text)), errors.BadSignature)


@attack
def description_longer_than_the_file(world: World) -> Attack:
    return Attack(lengthened(world.ours, len(world.ours.body) + 1), errors.NotPackage)


@attack
def description_longer_than_any(world: World) -> Attack:
    return Attack(lengthened(world.ours, -len(world.ours.text) - 1), errors.NotPackage)


@attack
def key_and_signature_as_part_of_the_description(world: World) -> Attack:
    """The bytes that were signed stand a little further on, behind a head of the attacker's."""
    text = world.ours.head[12:]
    return Attack(world.ours.signed_by(PUBLIC, world.ours.signature, text), errors.BadSignature)


def twice(pack: Pack, field: str, *, first: Any, last: Any) -> bytes:
    """A description that says a field twice, signed."""
    rest = spelled({name: value for name, value in pack.description.items() if name != field})
    pairs = b",".join(spelled({field: value})[1:-1] for value in (first, last))
    return packing.head(b"{" + pairs + b"," + rest[1:], SEED) + pack.body


@attack
def two_names_the_allowed_one_first(world: World) -> Attack:
    contents = twice(world.ours, "name", first="faults", last=NAME)
    return Attack(contents, errors.OutOfScope, trust.line(PUBLIC, "", ["faults"]).encode())


@attack
def two_names_the_allowed_one_last(world: World) -> Attack:
    """Past the door it is what it says last, to everybody who reads it; whoever signed it may sign that."""
    contents = twice(world.ours, "name", first="faults", last=NAME)
    return Attack(contents, errors.Damaged, trust.line(PUBLIC, "", [NAME]).encode(), past=False)


@attack
def two_lists_of_files(world: World) -> Attack:
    files = world.ours.description["files"]
    return Attack(twice(world.ours, "files", first=files[:1], last=files), errors.Damaged, past=False)


@attack
def more_json_behind_the_description(world: World) -> Attack:
    return Attack(packing.head(world.ours.text + b"{}", SEED) + world.ours.body, errors.Damaged)


@attack
def spaces_behind_the_description(world: World) -> Attack:
    contents = packing.head(world.ours.text + b" \n", SEED) + world.ours.body
    return Attack(contents, errors.Damaged, past=False)


@attack
def description_that_is_spelled_otherwise(world: World) -> Attack:
    text = world.ours.text.replace(b'"name"', b'"n\\u0061me"', 1)
    return Attack(packing.head(text, SEED) + world.ours.body, errors.Damaged, past=False)


@attack
def description_that_is_no_object(world: World) -> Attack:
    return Attack(packing.head(b"[" + world.ours.text + b"]", SEED) + world.ours.body, errors.WrongEngine)


@attack
def description_of_another_format(world: World) -> Attack:
    return Attack(world.ours.saying(format=2), errors.WrongEngine)


@attack
def magic_of_another_version(world: World) -> Attack:
    return Attack(b"EDGEPKG2" + world.ours.contents[8:], errors.NotPackage)
