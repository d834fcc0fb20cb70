"""A snapshot of an installed plugin."""

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
    """A snapshot of an installed plugin; later changes are not visible.

    name      name of the plugin
    version   version of its current release; empty if the release is damaged
    release   number of that release; 0 if it is damaged
    state     enabled, disabled, revoked, refused, damaged or unknown (docs/python.md)
    problem   the reason for a state other than enabled or disabled; otherwise empty
    enabled   whether an operator enabled it; calls load it only if `state` is enabled
    origin    source of the installation
    remote    whether the source was another machine
    previous  whether there is a release for `rollback`
    tools     a dictionary for each tool: name, description, parameters (a JSON Schema as text), risk
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
        """Its manifest. Raises `errors.StoreDamaged` if it can't be read."""
        if self._manifest is None:
            assert self._fault is not None
            raise self._fault.with_traceback(None)
        return self._manifest

    def __repr__(self) -> str:
        return f"InstalledPlugin({self.name!r}, version={self.version!r}, state={self.state!r})"


def every() -> list[InstalledPlugin]:
    """All installed plugins by name, including damaged ones.

    Raises `errors.EnvironmentFault` if the store can't be read.
    """
    view = View()
    return [InstalledPlugin(row, view) for row in overview.every(view)[0]]


def get(name: str) -> InstalledPlugin:
    """An installed plugin by its name. Raises `errors.NotInstalled` if there is none."""
    view = View()
    row = overview.row(name, view)
    if row is None:
        # Raises an error with a similar name, or one about a damaged record.
        records.get(name)
        row = overview.row(name, View())
        assert row is not None
    return InstalledPlugin(row, view)
