"""Errors of the board."""

from __future__ import annotations


class BoardError(Exception):
    """The emulator or the emulated machine does not work; the message has cause and remedy."""
