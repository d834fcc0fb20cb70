"""Errors of building a plugin, besides a missing tool (cross.toolchain.ToolMissing)."""

from __future__ import annotations


class BuildFailed(Exception):
    """The tools failed on the source; the message names them, and their own messages are above."""


class NoSuchPlugin(Exception):
    """There is no plugin of that name."""
