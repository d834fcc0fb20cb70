"""Installed plugins from Python: list, call, install and change them, like the command line.

    import edge

    for plugin in edge.installed.list():
        print(plugin.name, plugin.version, plugin.state)
    arguments = {"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}
    print(edge.installed.call("cron-next", arguments).output)

Errors are `edge.EdgeError`s with a remedy; the docstrings name the important ones. If a file of the store, of
trust or of the policy can't be read or written, the error is an `edge.EnvironmentFault`.
"""

from __future__ import annotations

from edge.installed.changes import (
    Change,
    configure,
    disable,
    enable,
    install,
    plan_enable,
    plan_install,
    reload,
    remove,
    rollback,
    set_secret,
    settings,
    unset_secret,
)
from edge.installed.plugin import InstalledPlugin, every, get
from edge.manifest import Manifest
from edge.manifest import Tool as ManifestTool
from edge.operations.call import Loaded, call, load
from edge.operations.settings import Unchecked
from edge.store.consent import Request
from edge.store.install import Outcome

list = every  # noqa: A001 the public name: edge.installed.list()

__all__ = [
    "Change",
    "InstalledPlugin",
    "Loaded",
    "Manifest",
    "ManifestTool",
    "Outcome",
    "Request",
    "Unchecked",
    "call",
    "configure",
    "disable",
    "enable",
    "get",
    "install",
    "list",
    "load",
    "plan_enable",
    "plan_install",
    "reload",
    "remove",
    "rollback",
    "set_secret",
    "settings",
    "unset_secret",
]
