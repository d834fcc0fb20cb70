"""Installed plugins as data: a row for each, or the details of one."""

from __future__ import annotations

from edge import errors
from edge.store import config, records, secrets, status
from edge.store.installed import Installed
from edge.store.view import View
from edge.text import word
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.store import Record

    Facts = dict[str, Any]


def every(view: View | None = None) -> tuple[list[Facts], errors.EdgeError | None]:
    """A row for each installed plugin, by name, and the fault of this machine that makes states unknown.

    Fields: name, version, release, state (edge/store/status.py), enabled, tools, problem. Damaged plugins
    have no version. Raises `errors.EnvironmentFault` if the store can't be read.
    """
    view = view or View()
    rows = [plugin for name in records.named() if (plugin := row(name, view)) is not None]
    return rows, _fault(view, rows)


def one(name: str, view: View | None = None) -> Facts:
    """The details of an installed plugin.

    Raises `errors.NotInstalled`, and `errors.StoreDamaged` if it can't be read.
    """
    view = view or View()
    return _facts(Installed(name, view), view)


def _fault(view: View, rows: list[dict[str, Any]]) -> errors.EdgeError | None:
    """The fault of this machine that makes it unknown which plugins calls load; None without one."""
    try:
        view.check()
        if any(row["state"] == status.UNKNOWN for row in rows):
            view.check_lines()
    except errors.EdgeError as error:
        return error
    return None


def row(name: str, view: View) -> Facts | None:
    """The row of a plugin; None if it is not installed."""
    try:
        record = view.record(name)
        if record is None or not record.current:
            return None
        description = view.release(record.current, name).description
    except errors.EdgeError as error:
        return {
            "name": name,
            "version": "",
            "release": 0,
            "state": status.DAMAGED,
            "enabled": False,
            "tools": [],
            "problem": error.message,
        }
    state, why = status.state(record, view)
    return {
        "name": name,
        "version": description["version"],
        "release": description["release"],
        "state": state,
        "enabled": record.enabled,
        "tools": [tool["name"] for tool in description.get("tools") or ()],
        "problem": why or None,
    }


def _facts(plugin: Installed, view: View) -> dict[str, Any]:
    description, manifest, record = plugin.description, plugin.manifest, plugin.record
    signer = held.labels(view.trust).get(bytes.fromhex(description["signer"]))
    state, problem = status.state(record, view)
    set_secrets = secrets.names(plugin.name)
    return {
        "name": plugin.name,
        "version": description["version"],
        "release": description["release"],
        "state": state,
        "enabled": record.enabled,
        "problem": problem or None,
        "level": plugin.release.level,
        "origin": record.origin,
        "remote": record.remote,
        "signer": f"{description['signer']} ({word(signer) if signer else 'not trusted here'})",
        "adopted": bool(description.get("adopted")),
        "description": manifest.fields.get("description", ""),
        "author": manifest.fields.get("author", ""),
        "id": record.current,
        "previous": _previous(record, view),
        "floor": record.floor,
        "tools": [
            {**tool, "risk": manifest.tool(tool["name"]).risk} for tool in description.get("tools") or ()
        ],
        "asks": [list(ask) for ask in manifest.requests],
        "config": list(config.values(plugin.name)),
        "secrets": {name: name in set_secrets for name in manifest.secrets},
    }


def _previous(record: Record, view: View) -> dict[str, Any] | None:
    if not record.previous:
        return None
    description = view.release(record.previous, record.name).description
    return {"id": record.previous, "version": description["version"], "release": description["release"]}
