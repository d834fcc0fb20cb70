"""An installed plugin as it was when somebody asked."""

from __future__ import annotations

from edge import errors
from edge.operations import overview
from edge.store import records
from edge.store.installed import Installed
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest import Manifest


class InstalledPlugin:
    """An installed plugin, as it was when it was asked for; what changes later is not seen.

    name      of the plugin
    version   of its current release, empty where that is damaged
    release   the number of that release, 0 where it is damaged
    state     enabled, disabled, revoked, refused, damaged or unknown (docs/python.md)
    problem   why a call would not load it, empty where that is no problem
    enabled   whether an operator enabled it; calls load it where `state` is enabled
    origin    what it was installed from
    remote    whether that was another machine
    previous  whether `rollback` has a release to go back to
    tools     a dictionary for each: name, description, parameters (a JSON Schema as text), risk
    """

    __slots__ = (
        "_fault",
        "_manifest",
        "enabled",
        "name",
        "origin",
        "previous",
        "problem",
        "release",
        "remote",
        "state",
        "tools",
        "version",
    )

    def __init__(self, row: dict[str, Any], view: View) -> None:
        self.name: str = row["name"]
        self.version: str = row["version"]
        self.release: int = row["release"]
        self.state: str = row["state"]
        self.problem: str = row["problem"] or ""
        self.enabled: bool = row["enabled"]
        self.origin, self.remote, self.previous = "", False, False
        self.tools: tuple[dict[str, str], ...] = ()
        self._manifest: Manifest | None = None
        self._fault: errors.EdgeError | None = None
        try:
            installed = Installed(self.name, view)
            self.origin, self.remote = installed.record.origin, installed.record.remote
            self.previous = bool(installed.previous)
            self._manifest = manifest = installed.manifest
            self.tools = tuple(
                {**tool, "risk": manifest.tool(tool["name"]).risk}
                for tool in installed.description.get("tools") or ()
            )
        except errors.EdgeError as error:
            self._fault = error

    @property
    def manifest(self) -> Manifest:
        """What its manifest says. Raises `errors.StoreDamaged` where it can't be read."""
        if self._manifest is None:
            assert self._fault is not None
            raise self._fault.with_traceback(None)
        return self._manifest

    def __repr__(self) -> str:
        return f"InstalledPlugin({self.name!r}, version={self.version!r}, state={self.state!r})"


def every() -> list[InstalledPlugin]:
    """All installed plugins, by name, damaged ones as well.

    Raises `errors.EnvironmentFault` where the store can't be read.
    """
    view = View()
    return [InstalledPlugin(row, view) for row in overview.every(view)[0]]


def get(name: str) -> InstalledPlugin:
    """An installed plugin by its name. Raises `errors.NotInstalled` where there is none."""
    view = View()
    row = overview.row(name, view)
    if row is None:
        # Says what it may have been meant to be, or that its record was lost.
        records.get(name)
        row = overview.row(name, View())
        assert row is not None
    return InstalledPlugin(row, view)
