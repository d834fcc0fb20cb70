"""Why a plugin could not be built."""

from __future__ import annotations


class GuestError(Exception):
    """Any reason; its text names cause and remedy."""


class ToolMissing(GuestError):
    """This machine lacks a tool."""


class BuildFailed(GuestError):
    """The tools are here and refuse the source."""
