"""The command line: `main` finds the command's module and turns errors into exit codes (`edge --help`)."""

from __future__ import annotations

import sys

from edge.cli import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge.cli.options import Command

COMMANDS = {
    "run": "call a tool of a plugin file once",
    "compile": "compile a plugin for devices",
    "pack": "make a signed package of a plugin, for all devices",
    "key": "manage signing keys and trusted keys",
    "bundle": "make an archive that installs Edge on a device",
    "inspect": "show the type and contents of a file",
    "audit": "show what a plugin may do and has done",
    "policy": "show or change the security level and grants",
    "install": "install a plugin, or another release of it",
    "list": "list installed plugins",
    "show": "show the details of an installed plugin",
    "call": "call a tool of an installed plugin",
    "enable": "enable a plugin",
    "disable": "disable a plugin",
    "rollback": "go back to the previous release",
    "remove": "remove a plugin",
    "reload": "verify a plugin again and renew its grants",
    "config": "show or change the configuration of a plugin",
    "secret": "list or set the secrets of a plugin",
    "log": "show the log of a plugin",
    "doctor": "check this machine and installed plugins",
}

GROUPS = dict.fromkeys(("enable", "disable", "rollback", "remove", "reload"), "lifecycle")
"""Commands that share a module, whose `COMMANDS` has each by name."""

HELP = ("--help", "-h", "help")
INTERRUPTED = 130
NOBODY_READS = 141
"""The exit code of a process that SIGPIPE kills."""


def main(words: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    words = sys.argv[1:] if words is None else words
    try:
        output.keep_places()
        return _dispatch(words)
    except output.NobodyReads:
        return NOBODY_READS
    except KeyboardInterrupt:
        return _interrupted(as_json="--json" in words)
    except Exception as error:
        from edge.cli.failure import report

        return report(error, as_json="--json" in words)


def load(name: str) -> tuple[Any, Command]:
    """The module and the description of a command."""
    module = __import__(f"edge.cli.{GROUPS.get(name, name)}", None, None, ["run"])
    return module, module.COMMANDS[name] if name in GROUPS else module.COMMAND


def _dispatch(words: Sequence[str]) -> int:
    if words and words[0] == "help" and len(words) > 1 and words[1][:1] != "-":
        words = [words[1], "--help", *words[2:]]
    name = words[0] if words else "--help"
    if name in HELP:
        from edge.cli.help import of_edge

        of_edge(COMMANDS, load, as_json="--json" in words)
        return 0
    if name == "--version":
        from edge.cli.version import facts, version

        if "--json" in words:
            output.document(facts())
        else:
            output.answer(version())
        return 0
    if name not in COMMANDS:
        from edge import errors
        from edge.suggest import meant

        raise errors.UsageError(f"No such command: `{name}`", meant(name, COMMANDS))
    module, command = load(name)
    arguments = command.parse(words[1:])
    if arguments.options.get("help"):
        from edge.cli.help import of_command

        of_command(command, as_json="--json" in words)
        return 0
    status: int = module.run(arguments) if name not in GROUPS else module.run(name, arguments)
    return status


def _interrupted(*, as_json: bool) -> int:
    if as_json:
        from edge.cli.failure import document

        written = document(
            {"kind": "Interrupted", "message": "interrupted", "remedy": "", "exit": INTERRUPTED}
        )
        if written:
            return INTERRUPTED
    output.say("edge: interrupted")
    return INTERRUPTED
