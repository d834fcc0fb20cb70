"""`edge --help` and `edge COMMAND --help`, for people and as data."""

from __future__ import annotations

from edge.cli import COMMANDS, load, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Command, Option

EXIT_CODES = {
    0: "ok",
    1: "the plugin or a check says no",
    2: "wrong usage",
    3: "refused",
    4: "trapped or out of its limits",
    5: "environment",
    130: "interrupted",
    141: "nobody reads the answer",
}
"""docs/command-line.md says what is which."""


def of_edge(*, as_json: bool) -> None:
    """What commands there are."""
    if as_json:
        output.document({"commands": list(map(_row, COMMANDS)), "exit_codes": EXIT_CODES})
        return
    rows = "\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items())
    codes = [f"{code} {text}" for code, text in EXIT_CODES.items()]
    output.answer(
        "edge COMMAND ...\n\nRuns WebAssembly plugins on machines as small as a Raspberry Pi Zero.\n\n"
        f"{rows}\n\nedge COMMAND --help says what a command takes, edge --version what this is.\n\n"
        f"Exit codes: {', '.join(codes[:4])},\n{', '.join(codes[4:])}."
    )


def of_command(command: Command, *, as_json: bool) -> None:
    """What a command takes."""
    if not as_json:
        output.answer(command.help())
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


def _row(name: str) -> dict[str, str]:
    _, command = load(name)
    return {"name": name, "summary": COMMANDS[name], "example": command.example}


def _facts(option: Option) -> dict[str, Any]:
    return {
        "name": f"--{option.name}",
        "short": option.short or None,
        "value": option.metavar or None,
        "many": option.many,
        "text": option.text,
    }
