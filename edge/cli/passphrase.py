"""Passphrases: from a terminal or a file, never from a command line or the environment."""

from __future__ import annotations

from edge import errors, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Given
    from edge.keyring import Ask

LEAST = 8


def new_passphrase(given: Given) -> bytes:
    """One for a new key, typed twice."""
    if given.get("passphrase-file"):
        found = _from_file(given.get("passphrase-file"))
    else:
        found = _typed("New passphrase: ")
        if _typed("The same again: ") != found:
            raise errors.UsageError("The two passphrases differ", "Nothing was made; try again")
    if len(found) < LEAST:
        raise errors.UsageError(
            f"A passphrase has at least {LEAST} characters", "Nothing was made; try again"
        )
    return found


def asker(given: Given) -> Ask:
    """Asks for the passphrase of a key that has one."""

    def ask(name: str) -> bytes:
        if given.get("passphrase-file"):
            return _from_file(given.get("passphrase-file"))
        return _typed(f"Passphrase of the key {name}: ")

    return ask


def _from_file(path: str) -> bytes:
    return files.read_input(path).rstrip(b"\r\n")


def _typed(prompt: str) -> bytes:
    import os
    import sys
    from getpass import getpass

    if not os.isatty(sys.stdin.fileno()):
        raise errors.UsageError(
            "There is no terminal to type a passphrase at", "Give --passphrase-file FILE instead"
        )
    return getpass(prompt).encode("utf-8", "surrogateescape")
