"""What `edge inspect` tells of a package."""

from __future__ import annotations

from edge import _native as native
from edge import errors, files, trust
from edge.cli.inspect_rows import row, show_origin, without_file
from edge.package import CODE, open_package
from edge.permissions import levels, requests
from edge.policy import file as policy_file
from edge.text import plain, word
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest import Manifest
    from edge.package import Package

DIGITS = 16
MAX_WARNINGS = 10


def facts_of_package(fd: int, path: str) -> dict[str, Any]:
    """What a package says, every digest of it checked; loads no code."""
    try:
        package = open_package(fd, files.base_name(path), None)
        package.check_all()
        declared = package.declared()
    except errors.Refused as error:
        return {"kind": "damaged package", "problem": error.message}
    description = package.description
    labels = held.labels()
    return {
        "kind": "package",
        **description,
        "adopted": bool(description.get("adopted")),
        **_trust_facts(package, declared),
        "signer_name": labels.get(bytes.fromhex(description["signer"])),
        "files": [_file_facts(entry) for entry in description["files"]],
        "manifest": _manifest_facts(declared),
    }


def _trust_facts(package: Package, declared: Manifest) -> dict[str, Any]:
    """Whether this machine takes it at the level that would hold for it, and why not."""
    level = policy_file.load().level_of(declared.name)
    if declared.level:
        level = levels.stricter(level, declared.level)
    try:
        package.check_trust(trust.text(operator_only=levels.operator_only(level)))
    except errors.Refused as error:
        return {"trusted": False, "refused": error.message, "level_here": level}
    return {"trusted": True, "refused": None, "level_here": level}


def _file_facts(entry: dict[str, Any]) -> dict[str, Any]:
    if "engine" not in entry:
        return entry
    about = native.about()
    runs = (
        entry["engine"] in (about["engine"], about["interpreted"])
        and about["fingerprints"][entry["engine"]] == entry["fingerprint"]
    )
    return {**entry, "runs_here": runs}


def _manifest_facts(declared: Manifest) -> dict[str, Any]:
    return {
        "capabilities": list(declared.capabilities),
        "permissions": list(declared.permissions),
        "asks": [list(ask) for ask in declared.requests],
        "secrets": list(declared.secrets),
        "level": declared.level or None,
        "risks": declared.risks,
        "check": bool(declared.check_arguments),
        "warnings": list(map(str, declared.warnings)),
    }


def show(facts: dict[str, Any]) -> None:
    """The same for people."""
    row("plugin", f"{facts['name']} {word(facts['version'])}, release {facts['release']}")
    if facts["trusted"]:
        verdict = f"trusted here ({word(facts['signer_name'])})"
    else:
        verdict = f"refused here: {without_file(facts['refused'], facts['file'])}"
    row("signed by", f"{facts['signer']}, {verdict}")
    if facts["adopted"]:
        row("adopted", "who packed and signed it is not its author")
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
    name = "asks for"
    for ask in declared["asks"]:
        row(name, requests.spelled(ask))
        name = ""
    if declared["level"]:
        row("level", f"{declared['level']} or stricter")
    for tool, risk in declared["risks"].items():
        row("risk", f"{tool}: {risk}")
    for warning in declared["warnings"][:MAX_WARNINGS]:
        row("warning", warning)
    if len(declared["warnings"]) > MAX_WARNINGS:
        row("", f"{len(declared['warnings']) - MAX_WARNINGS} more")
