"""Installed plugins, read from the store without changing them."""

from __future__ import annotations

from edge.store import records
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest import Manifest
    from edge.store.view import Release


class Installed:
    """An installed plugin: its record and its current release.

    Raises `errors.NotInstalled` if it is not installed.
    """

    __slots__ = ("record", "release")

    def __init__(self, name: str, view: View | None = None) -> None:
        """`view`: the view of the command, if it has one."""
        self.record = records.get(name)
        self.release: Release = (view or View()).release(self.record.current, name)

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.record.name

    @property
    def release_id(self) -> str:
        """The folder of its current release."""
        return self.record.current

    @property
    def enabled(self) -> bool:
        """Whether it may be called."""
        return self.record.enabled

    @property
    def previous(self) -> str:
        """The folder of the release that `rollback` goes to, empty for none."""
        return self.record.previous

    @property
    def description(self) -> dict[str, Any]:
        """Its signed description; the signature is checked, trust in the signer is not."""
        return self.release.description

    @property
    def manifest(self) -> Manifest:
        """The manifest of its current release."""
        return self.release.manifest
