"""`edge --help` and `edge COMMAND --help`, for people and as data."""

from __future__ import annotations

from edge.cli import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from edge.cli.options import Command, Option

    Commands = Mapping[str, str]
    Load = Callable[[str], tuple[Any, Command]]

EXIT_CODES = {
    0: "ok",
    1: "plugin or check failed",
    2: "usage error",
    3: "refused",
    4: "trapped or over limits",
    5: "environment",
    130: "interrupted",
    141: "stdout closed",
}
"""docs/command-line.md has the cases of each."""

INDENT = 26

GROUPS = {
    "For authors of plugins, on a PC": ("compile", "pack", "bundle"),
    "For operators of a device": (
        "install",
        "list",
        "show",
        "call",
        "enable",
        "disable",
        "rollback",
        "remove",
        "reload",
        "config",
        "secret",
        "policy",
        "log",
        "doctor",
    ),
    "For both": ("run", "inspect", "audit", "key"),
}
"""Who uses which command. The names are here, because every command imports `edge.cli`."""


def of_edge(commands: Commands, load: Load, *, as_json: bool) -> None:
    """Shows the commands; `load` returns a command by name."""
    if as_json:
        rows = [_row(name, commands, load) for name in commands]
        output.document({"commands": rows, "exit_codes": EXIT_CODES})
        return
    groups = "\n\n".join(f"{title}:\n{_group(names, commands)}" for title, names in GROUPS.items())
    codes = [f"{code} {text}" for code, text in EXIT_CODES.items()]
    output.answer(
        "edge COMMAND ...\n\nRuns WebAssembly plugins on machines as small as a Raspberry Pi Zero.\n\n"
        f"{groups}\n\n`edge COMMAND --help` describes a command, `edge --version` shows the release.\n\n"
        f"Exit codes: {', '.join(codes[:4])},\n{', '.join(codes[4:])}."
    )


def _group(names: tuple[str, ...], commands: Commands) -> str:
    return "\n".join(f"  {name:<10} {commands[name]}" for name in names)


def of_command(command: Command, *, as_json: bool) -> None:
    """Shows the usage of a command."""
    if not as_json:
        output.answer(_text(command))
        return
    output.document(
        {
            "name": command.name,
            "usage": command.usage(),
            "summary": command.summary,
            "options": list(map(_facts, command.options)),
            "example": command.example,
        }
    )


def _text(command: Command) -> str:
    options = "\n".join(map(_line, command.options))
    return f"{command.usage()}\n\n{command.summary}\n\n{options}\n\nExample:\n  {command.example}\n"


def _line(option: Option) -> str:
    left = f"{option.short + ', ' if option.short else ''}{option.spelled()}"
    return f"  {left:<{INDENT}} {option.text}{' (repeatable)' if option.many else ''}"


def _row(name: str, commands: Commands, load: Load) -> dict[str, str]:
    _, command = load(name)
    group = next(title for title, names in GROUPS.items() if name in names)
    return {"name": name, "group": group, "summary": commands[name], "example": command.example}


def _facts(option: Option) -> dict[str, Any]:
    return {
        "name": f"--{option.name}",
        "short": option.short or None,
        "value": option.metavar or None,
        "many": option.many,
        "text": option.text,
    }
