"""Why a plugin could not be built, besides a tool that is missing (cross.toolchain.ToolMissing)."""

from __future__ import annotations


class BuildFailed(Exception):
    """The tools are here and refuse the source; the text says which, and their own words are above."""


class NoSuchPlugin(Exception):
    """There is no source of that name."""
