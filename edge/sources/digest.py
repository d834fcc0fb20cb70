"""What an operator says of a file beforehand: how large it may be, and which digest it has."""

from __future__ import annotations

import posix

PIECE_BYTES = 1 << 16
HEX_DIGITS = frozenset("0123456789abcdef")
DIGEST_DIGITS = 64


def check_size(fd: int, name: str, most_bytes: int) -> None:
    """`errors.BadPackage` where an open file is larger than `most_bytes`; `name` is for messages."""
    size = posix.fstat(fd).st_size
    if size > most_bytes:
        from edge import errors

        raise errors.BadPackage(
            f"{name} has {size} bytes, and at most {most_bytes} are taken",
            "Make sure that it is what you meant; if so, allow it more",
        )


def check_digest(fd: int, name: str, sha256_hex: str) -> None:
    """Reads an open file from its beginning, without moving its position.

    `errors.UsageError` for what is no SHA-256 in hexadecimal digits, `errors.Damaged` where it differs.
    """
    from edge import errors, files

    wanted = sha256_hex.lower()
    if len(wanted) != DIGEST_DIGITS or not HEX_DIGITS.issuperset(wanted):
        raise errors.UsageError(
            f"{sha256_hex!r} is no SHA-256 digest: it has {DIGEST_DIGITS} hexadecimal digits",
            "Give what `sha256sum` prints for the file",
        )
    try:
        found = _digest(fd)
    except OSError as error:
        files.raise_for(name, error)
    if found != wanted:
        raise errors.Damaged(
            f"{name} has the digest {found}, and {wanted} was asked for",
            "Do not use it; get the file again, and its digest from whoever publishes it",
        )


def _digest(fd: int) -> str:
    import hashlib

    digest = hashlib.sha256()
    at = 0
    while True:
        piece = posix.pread(fd, PIECE_BYTES, at)
        if not piece:
            return digest.hexdigest()
        digest.update(piece)
        at += len(piece)
