"""`edge inspect`: shows the type and contents of a file. Loads no code."""

from __future__ import annotations

from edge import errors, files
from edge.cli import output
from edge.cli.inspect_rows import row, show_origin
from edge.cli.options import Command
from edge.operations.inspect import facts_of
from edge.permissions.catalogue import capability_of
from edge.text import phrase, plain, quoted, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.cli.options import Arguments

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


def run(arguments: Arguments) -> int:
    """Exits with 3 if the file is damaged or unusable for Edge."""
    path = arguments.positional[0]
    fd = files.open_input(path)
    try:
        facts = facts_of(fd, path)
    finally:
        files.close(fd)
    if arguments.get("json"):
        output.document(facts)
    else:
        _show(facts)
    return REFUSED if facts["problem"] else 0


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
    runs = "runs here" if facts["runs_here"] else "does not run here"
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
    """Lists functions by interface, with a remark on the interface."""
    interfaces: dict[str, list[str]] = {}
    for item in items:
        interface, _, function = item.rpartition("#")
        interfaces.setdefault(interface, []).append(function)
    for interface, functions in interfaces.items():
        listed = ", ".join(plain(function) for function in functions)
        text = f"{plain(interface)}: {listed}" if interface else listed
        row(name, f"[{remark(interface)}] {text}" if remark else text)
        name = ""
