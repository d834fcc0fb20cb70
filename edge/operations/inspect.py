"""The type and contents of a file, and whether this machine can use it. Loads no code."""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, files, trust
from edge.package import is_package, open_package
from edge.permissions import levels
from edge.permissions.catalogue import needed
from edge.policy import file as policy_file
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest import Manifest
    from edge.package import Package

WASM_MAGIC = b"\0asm"
MODULE_VERSION = b"\1\0\0\0"
HEADER_BYTES = len(WASM_MAGIC + MODULE_VERSION)


def facts_of(fd: int, path: str) -> dict[str, Any]:
    """Describes a file without loading it; `problem` is set if Edge can never use it."""
    size = posix.fstat(fd).st_size
    header = posix.pread(fd, HEADER_BYTES, 0)
    if is_package(fd):
        known = _package(fd, path)
    else:
        known = _wasm(fd, path, header) if header.startswith(WASM_MAGIC) else _artifact(fd, path)
    return {
        "file": path,
        "kind": known.pop("kind"),
        "problem": without_file(known.pop("problem", None), path),
        "size": size,
        **known,
        "needs": needed(known.get("imports", ())),
    }


def _wasm(fd: int, path: str, header: bytes) -> dict[str, Any]:
    is_module = header.endswith(MODULE_VERSION)
    wasm = files.read_open(fd, path)
    try:
        from edge.dev import compiler, loadable

        encoded = compiler.decode(wasm, files.base_name(path))
    except ImportError:
        return {"kind": "core module" if is_module else "component"}
    except errors.NotComponent as error:
        return {"kind": "core module", "problem": error.message, "remedy": error.remedy}
    except (errors.Unsupported, errors.TooComplex) as error:
        kind = "core module with component metadata" if is_module else "component"
        if isinstance(error, errors.TooComplex):
            kind = f"too complex {kind}"
        return {"kind": kind, "problem": error.message, "remedy": error.remedy}
    except errors.Refused as error:
        return {"kind": "damaged WebAssembly", "problem": error.message}
    except errors.NoCompiler:
        return {"kind": "core module" if is_module else "component"}
    kind = "core module with component metadata" if is_module else "component"
    known = {"kind": kind, "imports": encoded["imports"], "exports": encoded["exports"]}
    try:
        loadable.check(encoded, files.base_name(path))
    except errors.Refused as error:
        return {**known, "problem": error.message, "remedy": error.remedy}
    return known


def _artifact(fd: int, path: str) -> dict[str, Any]:
    try:
        description, _ = native.describe_artifact(fd, files.base_name(path))
    except errors.NotArtifact as error:
        return {"kind": "neither WebAssembly nor an artifact", **_neither(error, fd, path)}
    except errors.Refused as error:
        return {"kind": "damaged artifact", "problem": error.message}
    labels = held.labels()
    signer = bytes.fromhex(description["signer"])
    level = policy_file.load().level_of((description.get("plugin") or {}).get("name", ""))
    counting = held.entries(operator_only=levels.operator_only(level))
    about = native.about()
    artifact = description["artifact"]
    return {
        "kind": "artifact",
        **description,
        "trusted": any(entry.public == signer for entry in counting),
        "level_here": level,
        "signer_name": labels.get(signer),
        "runs_here": about["fingerprints"][about["engine"]] == artifact["fingerprint"],
    }


def _neither(error: errors.EdgeError, fd: int, path: str) -> dict[str, str]:
    from edge.runtime.load_errors import explain_other

    try:
        explain_other(fd, files.base_name(path))
    except errors.NotWasm as meant:
        error = meant
    return {"problem": error.message, "remedy": error.remedy}


def _package(fd: int, path: str) -> dict[str, Any]:
    """Describes a package after checking every digest."""
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
    """Whether this machine accepts the package at the level that would apply, and the reason if not."""
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


def without_file(message: str | None, path: str) -> str | None:
    """A message without the file's name, which is shown beside it."""
    return message and message.removeprefix(f"{files.base_name(path)}: ")
