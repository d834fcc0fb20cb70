"""The operator's expectations of a file: its maximum size and its digest."""

from __future__ import annotations

import posix

from edge import files

PIECE_BYTES = 1 << 16
PREFIXES = ("sha256:", "sha256=", "sha256-")


def hex_of(text: str) -> str:
    """A digest without its decoration: `sha256:...`, or a line of sha256sum or of its BSD form.

    Other text is returned unchanged.
    """
    words = text.split()
    if len(words) > 1:
        # `SHA256 (FILE) = DIGEST`, or `DIGEST  FILE` with a backslash before it where the name is escaped.
        text = words[-1] if words[0].upper() == "SHA256" else words[0].lstrip("\\")
    else:
        text = "".join(words)
    for prefix in PREFIXES:
        if text.lower().startswith(prefix):
            return text[len(prefix) :]
    return text


def check_size(fd: int, name: str, most_bytes: int) -> None:
    """Raises `errors.BadPackage` if an open file is larger than `most_bytes`; `name` is for messages."""
    size = posix.fstat(fd).st_size
    if size > most_bytes:
        from edge import errors

        raise errors.BadPackage(
            f"{name} has {size} bytes; the limit is {most_bytes}",
            "Check that it is the right file; if so, raise the limit",
        )


def check_digest(fd: int, name: str, sha256_hex: str) -> None:
    """Reads an open file from its beginning, without moving its position.

    Raises `errors.UsageError` if the digest is not SHA-256 in hexadecimal digits, `errors.Damaged` if it
    differs.
    """
    from edge import digits, errors, files

    wanted = sha256_hex.lower()
    if not digits.is_digest(wanted):
        raise errors.UsageError(
            f"{sha256_hex!r} is no SHA-256 digest: it has {digits.COUNT} hexadecimal digits",
            "Use the output of `sha256sum` for the file",
        )
    try:
        found = _digest(fd)
    except OSError as error:
        files.raise_for(name, error)
    if found != wanted:
        raise errors.Damaged(
            f"{name} has the digest {found}; expected {wanted}",
            "Do not use it; get the file again, and its digest from its publisher",
        )


def with_digest(fd: int, name: str, sha256_hex: str, cache: str) -> int:
    """A descriptor of a file with that digest, at its beginning: `fd` itself, or a copy below `cache`.

    It is a copy if others than this user and root could change the file after the check.
    """
    facts = posix.fstat(fd)
    if facts.st_uid in (0, posix.geteuid()) and not facts.st_mode & files.OTHERS_WRITE:
        check_digest(fd, name, sha256_hex)
        return fd
    copy = _copy(fd, name, facts.st_size, cache)
    try:
        check_digest(copy, name, sha256_hex)
    except BaseException:
        posix.close(copy)
        raise
    return copy


def _copy(fd: int, name: str, size: int, cache: str) -> int:
    from edge import files
    from edge.sources.cleanup import unnamed_file

    copy = unnamed_file(cache)
    at = 0
    try:
        # Data appended meanwhile is ignored: the size was checked.
        while piece := posix.pread(fd, min(PIECE_BYTES, size - at), at):
            at += posix.pwrite(copy, piece, at)
    except OSError as error:
        posix.close(copy)
        files.raise_for(name, error)
    except BaseException:
        posix.close(copy)
        raise
    return copy


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
