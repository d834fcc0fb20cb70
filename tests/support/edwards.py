"""The arithmetic of Ed25519 (RFC 8032), slow and plain, to forge what a lax verifier would take."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

Point = tuple[int, int]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY: Point = (0, 1)
SIGN = 1 << 255


def add(one: Point, other: Point) -> Point:
    """The sum of two points."""
    (x1, y1), (x2, y2) = one, other
    slope = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + slope, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - slope, -1, P)
    return x % P, y % P


def multiply(scalar: int, point: Point) -> Point:
    """A point added to itself that often."""
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def decode(data: bytes) -> Point | None:
    """The point of an encoding, also of one that is not canonical; None where there is no such point."""
    number = int.from_bytes(data, "little")
    y = (number & ~SIGN) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return None
    return (P - x if x & 1 != number >> 255 else x) % P, y


def encode(point: Point) -> bytes:
    """The canonical encoding of a point."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _base() -> Point:
    found = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    assert found is not None
    return found


BASE = _base()


def torsion() -> list[Point]:
    """The eight points of small order, the identity first."""
    for y in range(2, 100):
        point = decode(y.to_bytes(32, "little"))
        if point is not None:
            generator = multiply(L, point)
            if multiply(4, generator) != IDENTITY:
                return [multiply(times, generator) for times in range(8)]
    raise AssertionError("there is a point of order 8")


def odd_spellings() -> Iterator[bytes]:
    """Encodings that are not canonical, each of a point that there is: y + p, and a sign where x is 0."""
    for y in range(19):
        for sign in (0, SIGN):
            data = (y + P | sign).to_bytes(32, "little")
            if decode(data) is not None:
                yield data
    for y in (1, P - 1):
        yield (y | SIGN).to_bytes(32, "little")


def secret(seed: bytes | bytearray) -> tuple[int, bytes]:
    """The private scalar of a seed, and what nonces are made of."""
    digest = hashlib.sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & ~(7 | SIGN) | 1 << 254, digest[32:]


def challenge(r: bytes, public: bytes, message: bytes) -> int:
    """What the signer's scalar is multiplied by."""
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L


def cofactored(public: bytes, message: bytes, signature: bytes) -> bool:
    """What a lax verifier asks: 8 S B = 8 R + 8 k A, whatever S, R and A are and however they are written."""
    r, key = decode(signature[:32]), decode(public)
    if r is None or key is None:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    right = add(r, multiply(challenge(signature[:32], public, message), key))
    return multiply(8, multiply(scalar, BASE)) == multiply(8, right)
