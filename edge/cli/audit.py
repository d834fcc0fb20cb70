"""`edge audit`: shows the permissions of a plugin, and those that a new version adds. Loads no code.

edge/cli/audit_log.py shows what an installed plugin has done, edge/cli/audit_engine.py what another library
would load.
"""

from __future__ import annotations

from edge import files
from edge.cli import audit_columns as columns
from edge.cli import output
from edge.cli.granting import read_manifest, tell_warnings
from edge.cli.options import Command, Option, at_least_one
from edge.limits import PI_ZERO, named
from edge.package import is_package, open_package
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.policy import grants
from edge.policy.diff import difference
from edge.suggest import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments
    from edge.manifest import Manifest

COMMAND = Command(
    "audit",
    "[FILE|NAME] [OLD]",
    "Shows what a plugin imports, what its manifest declares and what the policy of this machine allows.\n"
    "The plugin is granted what all three name. FILE is a package (with its manifest), an artifact or a\n"
    ".wasm. With OLD, another version of the plugin, shows which requests FILE adds or drops. Exits with 1\n"
    "if an import is not granted, or if FILE requests more than OLD. Loads no code.\n\n"
    "With the NAME of an installed plugin, also shows what it has done, and whether calls load it (exit\n"
    "code 1 if not). Limits are those of this machine for NAME and of a Pi Zero for FILE, unless --profile\n"
    "names another. --log shows the audit log of all plugins; --verify exits with 1 if it was changed.\n"
    "--engine exits with 1 if this library, or the library FILE, would not load an installed plugin. FILE\n"
    "may also be the output of `edge --version --json` with that library.",
    (
        Option("last", "N", "show the last N entries of the log", convert=at_least_one),
        Option("log", "", "show the whole log"),
        Option("verify", "", "check that the log is unchanged"),
        Option("engine", "", "check installed plugins against a library"),
        Option("manifest", "FILE", "manifest.toml of the plugin; without it, an artifact declares nothing"),
        Option("old-manifest", "FILE", "manifest.toml of OLD"),
        Option("level", "LEVEL", "security level, instead of the policy's", convert=levels.level),
        Option("profile", "NAME", "limits to show: pi-zero, pi-64, workstation, here", convert=named),
    ),
    "edge audit weather-1.3.0.edge weather-1.2.0.edge --level strict",
)


def run(arguments: Arguments) -> int:
    """Exits with 1 if an import is not granted, or if the plugin requests more than its old version."""
    elsewhere = _other(arguments)
    if elsewhere is not None:
        return elsewhere
    path, *old = arguments.positional
    imports, declared = _open(path, arguments, "manifest")
    profile = arguments.get("profile", PI_ZERO)
    granted = grants.resolve(declared, policy_file.load(), profile=profile, level=arguments.get("level", ""))
    changes = []
    if old:
        changes = difference(*_open(old[0], arguments, "old-manifest"), imports, declared)
    elif arguments.get("old-manifest"):
        from edge import errors

        raise errors.UsageError("audit: --old-manifest needs OLD", f"Usage: {COMMAND.usage()}")
    rows = granted.rows(imports)
    refused = [row for row in rows if row.imported and not row.granted]
    wider = [change for change in changes if change.wider]
    if arguments.get("json"):
        output.document(
            {
                "file": path,
                "plugin": granted.plugin or None,
                "level": granted.level,
                "rows": [columns.facts(row) for row in rows],
                "profile": profile.name,
                "limits": granted.limits,
                "refused": [row.capability for row in refused],
                "old": old[0] if old else None,
                "changes": [{"what": change.what, "wider": change.wider} for change in changes],
                "ok": not (refused or wider),
            }
        )
    else:
        columns.show(path, granted, rows, profile)
        if old:
            _show_changes(old[0], changes)
        columns.show_end(refused, wider)
    return 1 if refused or wider else 0


def _other(arguments: Arguments) -> int | None:
    """The exit code if the argument is not a file; None for a file."""
    if arguments.get("engine"):
        from edge.cli import audit_engine

        return audit_engine.run(arguments)
    from edge.cli import audit_log

    return audit_log.run(arguments)


def _open(path: str, arguments: Arguments, option: str) -> tuple[list[str], Manifest]:
    """Imports and manifest of the plugin in a file: its own manifest, or the one that the option names."""
    fd = files.open_input(path)
    try:
        if not is_package(fd):
            return _imports(fd, path), read_manifest(arguments.get(option))
        if arguments.get(option):
            from edge import errors

            raise errors.UsageError(f"audit: {path} contains its manifest", f"Omit --{option}")
        package = open_package(fd, files.base_name(path), None)
        declared = package.declared()
    finally:
        files.close(fd)
    tell_warnings(declared, path)
    return package.description["imports"], declared


def _imports(fd: int, path: str) -> list[str]:
    from edge import errors
    from edge.operations.inspect import facts_of

    facts = facts_of(fd, path)
    if facts["problem"]:
        raise errors.Refused(f"{path}: {facts['problem']}", f"`edge inspect {shell(path)}` shows details")
    if "imports" not in facts:
        raise errors.NoCompiler(
            f"{path} is not compiled, and this installation of Edge has no compiler to read its imports"
        )
    imports: list[str] = facts["imports"]
    return imports


def _show_changes(old: str, changes: list[Any]) -> None:
    output.answer("")
    output.show(f"compared with {old}: {'' if changes else 'no changes'}".rstrip())
    for change in changes:
        output.show(f"  {'+ WIDER' if change.wider else '-      '}  {change.what}")
