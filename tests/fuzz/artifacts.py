"""Artifacts that somebody changed: every one is refused by what reads it, and nothing of it is loaded."""

from __future__ import annotations

import json
import os
import struct
from typing import Any, Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from edge import _native as native
from edge import errors
from edge._native import making
from tests.fuzz import plugins

Change = tuple[str, int, Any]

OTHER_SEED = bytes(range(32))
MAGIC = b"EDGEAOT1"
PURPOSE = b"edge artifact description v1\n"
FOOTER = struct.Struct("<32s64sI8s")
LENGTHS = (0, 1, 2**20, 2**20 + 1, 2**31 - 1, 2**31, 2**32 - 1)

# Where in the file something is done: seldom in the code, mostly in the trailer, which is parsed.
places = st.one_of(st.integers(0, 2**20), st.integers(-1500, -1), st.integers(-FOOTER.size, -1))
changes = st.one_of(
    st.tuples(st.just("flip"), places, st.integers(0, 7)),
    st.tuples(st.just("set"), places, st.binary(min_size=1, max_size=16)),
    st.tuples(st.just("insert"), places, st.binary(min_size=1, max_size=64)),
    st.tuples(st.just("delete"), places, st.integers(1, 5000)),
    st.tuples(st.just("cut"), places, st.just(0)),
    st.tuples(st.just("length"), st.just(0), st.sampled_from(LENGTHS) | st.integers(0, 2**32 - 1)),
    st.tuples(st.just("append"), st.just(0), st.binary(min_size=1, max_size=300)),
    st.tuples(st.just("graft"), st.integers(-2000, -1), st.booleans()),
)


def changed(contents: bytes, change: Change) -> bytes:
    """The file after one change."""
    kind, place, how = change
    at = place % len(contents) if contents else 0
    return bytes(CHANGES[kind](contents[:at], contents[at:], how))


CHANGES: dict[str, Callable[[bytes, bytes, Any], bytes]] = {
    "flip": lambda before, after, bit: before + bytes(byte ^ 1 << bit for byte in after[:1]) + after[1:],
    "set": lambda before, after, new: before + new + after[len(new) :],
    "insert": lambda before, after, new: before + new + after,
    "delete": lambda before, after, count: before + after[count:],
    "cut": lambda before, _, __: before,
    "length": lambda before, after, new: (
        (before + after)[:-12] + struct.pack("<I", new) + (before + after)[-8:]
    ),
    "append": lambda before, after, new: before + after + new,
    "graft": lambda before, after, foreign: before + _other(foreign)[-len(after) :],
}


def _other(foreign: bool) -> bytes:
    """Another artifact, of the same key or of a stranger's."""
    return plugins.artifact("asker", seed=OTHER_SEED if foreign else plugins.SEED)


@given(st.lists(changes, min_size=1, max_size=4))
def fuzz_changes(many: list[Change]) -> None:
    whole = contents = plugins.artifact("liar")
    for change in many:
        contents = changed(contents, change)
    assume(contents not in (whole, plugins.artifact("asker")))
    refused(contents)


@given(st.binary(max_size=400).map(lambda junk: junk + MAGIC) | st.binary(max_size=400))
def fuzz_junk(contents: bytes) -> None:
    refused(contents)


def refused(contents: bytes) -> None:
    """That nothing loads this file; reading its description may work where only a stranger signed it."""
    path = plugins.written(contents)
    try:
        plugins.runtime().load(path, interfaces=())
    except errors.Refused as error:
        assert error.message.isprintable()
        assert len(error.message) < 2000
    else:
        raise AssertionError("it was loaded")
    fd = os.open(path, os.O_RDONLY)
    try:
        native.describe_artifact(fd)
    except errors.Refused:
        return
    finally:
        os.close(fd)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
FIELDS = ("format", "artifact", "compiler", "imports", "exports", "plugin", "tools", "source")
PARTS = ("engine", "size", "sha256", "fingerprint")


@given(
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8),
    st.dictionaries(st.sampled_from(PARTS), json_values, max_size=4),
    st.booleans(),
)
def fuzz_description(fields: dict[str, Any], parts: dict[str, Any], whole: bool) -> None:
    """Signed by a trusted key, and nonsense: read as it is, and loaded only if it describes its code."""
    contents = plugins.artifact("liar")
    _, _, length, _ = FOOTER.unpack(contents[-FOOTER.size :])
    code = contents[: -FOOTER.size - length]
    genuine = json.loads(contents[len(code) : len(code) + length])
    artifact = {**genuine["artifact"], **parts}
    description = {"format": 1, **fields, "artifact": artifact} if whole else fields
    text = json.dumps(description).encode()
    path = plugins.written(code + text + signed(text))
    fd = os.open(path, os.O_RDONLY)
    try:
        told, _ = native.describe_artifact(fd)
        assert told["signer"] == making.public_key(plugins.SEED).hex()
    except errors.Refused:
        pass
    finally:
        os.close(fd)
    try:
        plugins.runtime().load(path, interfaces=())
    except errors.Refused:
        return
    assert artifact == genuine["artifact"]
    assert whole


def signed(text: bytes) -> bytes:
    """What follows a description."""
    key = Ed25519PrivateKey.from_private_bytes(plugins.SEED)
    return FOOTER.pack(making.public_key(plugins.SEED), key.sign(PURPOSE + text), len(text), MAGIC)
