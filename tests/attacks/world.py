"""What an attacker of packages has, what is tried with it, and the two ways in."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import Runtime, errors, trust
from edge import _native as native
from edge._native import making
from edge.package import HEAD_BYTES, open_package
from tests.support import packing
from tests.support.packing import HEAD, spelled

SEED = hashlib.sha256(b"the key that is trusted").digest()
OTHER_SEED = hashlib.sha256(b"somebody else's key").digest()
PUBLIC = making.public_key(SEED)
OTHER = making.public_key(OTHER_SEED)
TRUSTED = trust.of_keys([PUBLIC])
ENGINE = native.about()["engine"]
CODE = f"code.{ENGINE}"
ARTIFACT_FOOTER = struct.Struct("<32s64sI8s")
NAME = "cron-next"


class Pack(NamedTuple):
    """A package in its parts."""

    contents: bytes
    description: dict[str, Any]
    files: dict[str, bytes]

    @property
    def text(self) -> bytes:
        return self.head[HEAD_BYTES:]

    @property
    def head(self) -> bytes:
        return self.contents[: len(self.contents) - sum(map(len, self.files.values()))]

    @property
    def signature(self) -> bytes:
        return self.contents[HEAD_BYTES - 64 : HEAD_BYTES]

    @property
    def body(self) -> bytes:
        return b"".join(self.files.values())

    def signed_by(self, public: bytes, signature: bytes, text: bytes | None = None) -> bytes:
        """The package with another signature, and perhaps another description."""
        text = self.text if text is None else text
        return HEAD.pack(b"EDGEPKG1", len(text), public, signature) + text + self.body

    def saying(self, seed: bytes | bytearray = SEED, **changes: Any) -> bytes:
        """The package with another description, signed."""
        return packing.head(spelled({**self.description, **changes}), seed) + self.body

    def unsigned(self, **changes: Any) -> bytes:
        """The same, with the signature of the description that it had."""
        return self.signed_by(PUBLIC, self.signature, spelled({**self.description, **changes}))

    def entries(self, name: str, /, **changes: Any) -> list[dict[str, Any]]:
        """The list of files with another entry for one of them."""
        return [{**e, **changes} if e["name"] == name else e for e in self.description["files"]]


class World(NamedTuple):
    """What an attacker has: two packages and an artifact of the trusted key, and all there is to read."""

    ours: Pack
    faults: Pack
    artifact: bytes

    def __repr__(self) -> str:
        return "World()"


class Attack(NamedTuple):
    """What somebody tries.

    contents  the package
    trusted   what the device trusts
    kind      the error that it has to end in
    past      whether the head alone is to be refused as well, when it is past the door
    """

    contents: bytes
    kind: type[errors.EdgeError]
    trusted: bytes = TRUSTED
    past: bool = True


ATTACKS: dict[str, Callable[[World], Attack]] = {}


def attack(make: Callable[[World], Attack]) -> Callable[[World], Attack]:
    ATTACKS[make.__name__] = make
    return make


@contextmanager
def file(contents: bytes) -> Iterator[int]:
    fd = os.memfd_create("attack")
    try:
        os.fchmod(fd, 0o600)
        with open(fd, "wb", closefd=False) as written:
            written.write(contents)
        yield fd
    finally:
        os.close(fd)


def through_the_door(contents: bytes, trusted: bytes) -> None:
    """Everything that happens to a package before and when it runs."""
    with file(contents) as fd, file(b"") as code:
        package = open_package(fd, "attack", trusted)
        package.check_all()
        package.declared()
        package.unpack(package.code(ENGINE), code)
        Runtime(trusted=trusted).load_open(code, "attack", head=package.head)


def past_the_door(contents: bytes, trusted: bytes, code: bytes) -> None:
    """A head that is in the store already, with the code that the attacker wants to run."""
    length = int.from_bytes(contents[8:12], "little")
    with file(code) as fd:
        Runtime(trusted=trusted).load_open(fd, "attack", head=contents[: HEAD_BYTES + length] or b"\0")


def sign(message: bytes, seed: bytes | bytearray = SEED) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)
