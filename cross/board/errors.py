"""Why there is no board."""

from __future__ import annotations


class BoardError(Exception):
    """The emulator, its parts or the machine in it don't work; the message says why, and what to do."""
