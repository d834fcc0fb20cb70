"""`edge inspect`: what a file is. Loads no code."""

from __future__ import annotations

import posix

from edge import _native as native
from edge import errors, files
from edge.cli import output
from edge.cli.inspect_rows import row, show_origin, without_file
from edge.cli.options import Command
from edge.package import is_package
from edge.permissions import levels
from edge.permissions.imports import capability_of, needed
from edge.policy import file as policy_file
from edge.text import phrase, plain, quoted, word
from edge.trust import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.cli.options import Given

WASM_MAGIC = b"\0asm"
MODULE_VERSION = b"\1\0\0\0"
HEADER_BYTES = len(WASM_MAGIC + MODULE_VERSION)
REFUSED = errors.Refused.exit_code
PARAMETERS_LIMIT = 4000

COMMAND = Command(
    "inspect",
    "FILE",
    "Shows the type of a file (core module, component, artifact of edge compile, package of edge pack, or\n"
    "none of these), its targets, its signer, its exports and its imports, each with the capability that it\n"
    "needs in brackets. Verifies every byte and loads no code. Exits with 3 and a remedy if Edge can never\n"
    "use the file.",
    (),
    "edge inspect cron-next.pulley32.cwasm",
)


def run(given: Given) -> int:
    """Exits with 3 for a file that is damaged, or nothing that Edge can use."""
    path = given.arguments[0]
    fd = files.open_input(path)
    try:
        facts = facts_of(fd, path)
    finally:
        files.close(fd)
    if given.get("json"):
        output.document(facts)
    else:
        _show(facts)
    return REFUSED if facts["problem"] else 0


def facts_of(fd: int, path: str) -> dict[str, Any]:
    """What is known of a file without loading it; `problem` where Edge could never use it."""
    size = posix.fstat(fd).st_size
    header = posix.pread(fd, HEADER_BYTES, 0)
    if is_package(fd):
        from edge.cli.inspect_package import facts_of_package

        found = facts_of_package(fd, path)
    else:
        found = _wasm(fd, path, header) if header.startswith(WASM_MAGIC) else _artifact(fd, path)
    return {
        "file": path,
        "kind": found.pop("kind"),
        "problem": without_file(found.pop("problem", None), path),
        "size": size,
        **found,
        "needs": needed(found.get("imports", ())),
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
    found = {"kind": kind, "imports": encoded["imports"], "exports": encoded["exports"]}
    try:
        loadable.check(encoded, files.base_name(path))
    except errors.Refused as error:
        return {**found, "problem": error.message, "remedy": error.remedy}
    return found


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


def _show(facts: dict[str, Any]) -> None:
    row("file", facts["file"])
    row("kind", facts["kind"])
    row("size", f"{facts['size']:,} bytes")
    if facts["problem"]:
        row("problem", facts["problem"])
        if facts.get("remedy"):
            row("remedy", facts["remedy"])
    if facts["kind"] == "artifact":
        _show_artifact(facts)
    elif facts["kind"] == "package":
        from edge.cli.inspect_package import show

        show(facts)
    _list("imports", facts.get("imports", ()), capability_of)
    _list("exports", facts.get("exports", ()))
    for tool in facts.get("tools") or ():
        row("tool", f"{word(tool['name'])}: {quoted(tool['description'])}")
        row("", phrase(tool["parameters"], PARAMETERS_LIMIT))


def _show_artifact(facts: dict[str, Any]) -> None:
    artifact = facts["artifact"]
    if facts.get("plugin"):
        row("plugin", f"{word(facts['plugin']['name'])} {word(facts['plugin']['version'])}")
    runs = "this machine's" if facts["runs_here"] else "not this machine's"
    row("engine", f"{artifact['engine']}, fingerprint {artifact['fingerprint']}, {runs}")
    row("code", f"{artifact['size']:,} bytes, sha256 {artifact['sha256']}")
    show_origin(facts)
    row("signed by", f"{facts['signer']}, {_trusted(facts)}")


def _trusted(facts: dict[str, Any]) -> str:
    if facts["trusted"]:
        return f"trusted here ({word(facts['signer_name'])})"
    if facts["signer_name"] is None:
        return "not trusted here"
    name = word(facts["signer_name"])
    return f"not trusted here at level {facts['level_here']}: the operator did not add {name}"


def _list(name: str, items: Any, remark: Callable[[str], str] | None = None) -> None:
    """Functions, those of one interface together, with a remark on the interface."""
    interfaces: dict[str, list[str]] = {}
    for item in items:
        interface, _, function = item.rpartition("#")
        interfaces.setdefault(interface, []).append(function)
    for interface, functions in interfaces.items():
        listed = ", ".join(plain(function) for function in functions)
        text = f"{plain(interface)}: {listed}" if interface else listed
        row(name, f"[{remark(interface)}] {text}" if remark else text)
        name = ""
