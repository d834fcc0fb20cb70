"""Passphrases: from a terminal, a file or a pipe, never from a command line or the environment."""

from __future__ import annotations

import posix

from edge import errors, files
from edge.files.encoding import problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments
    from edge.trust.keyring import Ask

MIN_LENGTH = 8
STDIN = 0
STANDARD_INPUT = "-"
MAX_BYTES = 64 << 10
CHUNK = 4096
MAX_TYPED_BYTES = 4095
"""Maximum length of a line typed at a terminal, which silently drops the rest."""


def new_passphrase(arguments: Arguments) -> bytes:
    """The passphrase for a new key, typed twice or from a file."""
    if arguments.get("passphrase-file"):
        content = _from_file(arguments.get("passphrase-file"))
    else:
        content = _typed("New passphrase: ")
        if _typed("Repeat the passphrase: ") != content:
            raise errors.UsageError("The two passphrases differ", "No key was made; try again")
    if len(content) < MIN_LENGTH:
        raise errors.UsageError(
            f"A passphrase needs at least {MIN_LENGTH} characters", "No key was made; try again"
        )
    return content


def asker(arguments: Arguments) -> Ask:
    """A function that asks for the passphrase of a key."""

    def ask(name: str) -> bytes:
        if arguments.get("passphrase-file"):
            return _from_file(arguments.get("passphrase-file"))
        return _typed(f"Passphrase of the key {name}: ")

    return ask


def hidden(prompt: str) -> bytes:
    """A line typed at a terminal with echo off."""
    import getpass
    import warnings

    try:
        with warnings.catch_warnings():
            # If echo cannot be turned off, the value would be visible.
            warnings.simplefilter("error", getpass.GetPassWarning)
            line = files.encode(getpass.getpass(prompt))
    except (EOFError, OSError, getpass.GetPassWarning):
        raise errors.UsageError(
            "The terminal cannot hide what is typed", "Pass the value in a file or on standard input"
        ) from None
    if len(line) >= MAX_TYPED_BYTES:
        raise errors.UsageError(
            f"Terminals cut lines of {MAX_TYPED_BYTES} bytes or more: the end may be missing",
            "Nothing was stored; pass the value in a file or on standard input",
        )
    return line


def read(path: str) -> bytes:
    """The content of a file, a pipe or stdin (`-`), at most 64 kB."""
    fd = STDIN
    content = b""
    try:
        if path != STANDARD_INPUT:
            fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            while len(content) <= MAX_BYTES and (chunk := posix.read(fd, CHUNK)):
                content += chunk
        finally:
            if fd != STDIN:
                posix.close(fd)
    except OSError as error:
        files.raise_for(path, error)
    if len(content) > MAX_BYTES:
        raise errors.UsageError(
            f"{path} is longer than {MAX_BYTES} bytes", "Pass a file that contains only the value"
        )
    return content


def secret_text(raw: bytes, what: str) -> str:
    """The text of a secret, without line end and byte-order mark."""
    wrong, remedy = problem(raw)
    if wrong:
        raise errors.UsageError(f"{what}: {wrong}", remedy)
    try:
        return raw.removeprefix(files.BYTE_ORDER_MARK).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        # `from None`: the cause contains the value.
        raise errors.UsageError(
            f"{what}: this secret is not UTF-8", "Encode binary values as text, for instance in base64"
        ) from None


def _from_file(path: str) -> bytes:
    return read(path).rstrip(b"\r\n")


def _typed(prompt: str) -> bytes:
    if not posix.isatty(STDIN):
        raise errors.UsageError(
            "There is no terminal to read a passphrase from", "Use --passphrase-file FILE"
        )
    return hidden(prompt)
