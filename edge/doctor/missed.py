"""What should be there by the audit log and manifests. What neither tells can't be missed: docs/audit.md."""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from edge.store.view import View

CONFIG, SECRETS = "config", "secrets"
LIFE = ("install", "upgrade", "enable", "disable", "rollback")


def files(view: View, kind: str) -> Iterator[tuple[str, str]]:
    """Files of configuration, or of secrets, that were written and are gone; each with what to do."""
    from edge import store

    path_of = store.config_path if kind == CONFIG else store.secrets_path
    written = _written(kind)
    for found in view.installed():
        name, path = found.name, path_of(found.name)
        if name not in written or posix.access(path, 0):
            continue
        entry, what = written[name]
        told = f"{path} is gone, which was written (entry {entry} of the audit log)"
        remedy = (
            f"Restore it from a backup, or set it again, as `edge config {name}` shows; if it was removed "
            f"on purpose: `edge config {name} --reset`"
        )
        if kind == SECRETS:
            remedy = f"Restore it from a backup, or set it again: `edge secret {name} {what}`"
        yield told, remedy


def settings(view: View, kind: str) -> Iterator[tuple[str, str]]:
    """Settings, or secrets, that an enabled plugin requires and that are not set; each with what to do."""
    from edge import errors
    from edge.store import config
    from edge.store import secrets as stored_secrets

    for found in view.installed():
        try:
            manifest = view.release(found.current, found.name).manifest
            names = config.missing(manifest, stored_secrets.names(found.name)) if found.enabled else []
        except errors.EdgeError:
            # What is damaged is told by other checks.
            continue
        for name in names:
            if (name in manifest.secrets) is not (kind == SECRETS):
                continue
            remedy = f"Set it: `edge config {found.name} {name}=VALUE`"
            if kind == SECRETS:
                remedy = f"Set it: `edge secret {found.name} {name}`"
            yield f"{found.name} requires {name}, which is not set", remedy


def installations(view: View) -> Iterator[tuple[str, str]]:
    """Installed plugins of which the audit log does not tell, although nothing of it was rotated away."""
    from edge import audit

    acts = [entry for entry in audit.entries() if entry.get("event") not in audit.LOG_OF]
    if acts and acts[0]["seq"] > 1:
        return
    known = [entry.get("plugin") for entry in acts if entry.get("event") in LIFE]
    for found in view.installed():
        if found.name not in known:
            yield (
                f"no entry of {audit.folder()}/log tells that {found.name} was installed",
                "Put the log back from a backup, or find out who removed entries",
            )


def _written(kind: str) -> dict[str, tuple[int, str]]:
    """The plugins whose file was written and not removed: by which entry, and which property last."""
    from edge import audit

    found: dict[str, tuple[int, str]] = {}
    for entry in audit.entries():
        name = entry.get("plugin")
        if not isinstance(name, str):
            continue
        if entry.get("event") == "remove":
            found.pop(name, None)
        elif entry.get("event") == "config":
            _follow(found, name, entry, kind)
    return found


def _follow(found: dict[str, tuple[int, str]], name: str, entry: dict[str, Any], kind: str) -> None:
    act, what = entry.get("act", ""), str(entry.get("property", ""))
    if kind == SECRETS and act in ("set", "unset"):
        found[name] = entry["seq"], what
    elif kind == CONFIG and "changed" in entry:
        found[name] = entry["seq"], ""
    elif kind == CONFIG and act == "reset":
        found.pop(name, None)
