"""`edge inspect` of a package."""

from __future__ import annotations

from edge.cli.inspect_rows import row, show_origin
from edge.operations.inspect import without_file
from edge.package import CODE
from edge.permissions import requests
from edge.text import plain, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_WARNINGS = 10


def show(facts: dict[str, Any]) -> None:
    """Shows a package."""
    row("plugin", f"{facts['name']} {word(facts['version'])}, release {facts['release']}")
    if facts["trusted"]:
        verdict = f"trusted here ({word(facts['signer_name'])})"
    else:
        verdict = f"refused here: {without_file(facts['refused'], facts['file'])}"
    row("signed by", f"{facts['signer']}, {verdict}")
    if facts["adopted"]:
        row("adopted", "its author did not pack and sign it")
    show_origin(facts)
    name = "files"
    for entry in facts["files"]:
        row(name, f"{plain(entry['name']):<14} {entry['size']:>12,} bytes{_engine(entry)}")
        name = ""
    _show_manifest(facts["manifest"])


def _engine(entry: dict[str, Any]) -> str:
    if not entry["name"].startswith(CODE):
        return ""
    runs = "runs here" if entry["runs_here"] else "does not run here"
    return f", engine {entry['fingerprint']}, {runs}"


def _show_manifest(declared: dict[str, Any]) -> None:
    for name, items in (("is", declared["capabilities"]), ("permits", declared["permissions"])):
        if items:
            row(name, ", ".join(items))
    name = "requests"
    for request in declared["asks"]:
        row(name, requests.spelled(request))
        name = ""
    if declared["level"]:
        row("level", f"{declared['level']} or stricter")
    for tool, risk in declared["risks"].items():
        row("risk", f"{tool}: {risk}")
    for warning in declared["warnings"][:MAX_WARNINGS]:
        row("warning", warning)
    if len(declared["warnings"]) > MAX_WARNINGS:
        row("", f"{len(declared['warnings']) - MAX_WARNINGS} more")
