"""`("cli", "/usr/bin/git", "status")`: a program of the device, with a pattern for each argument.

Text matches itself; braces are

    {int}     digits
    {word}    letters, digits and . _ -, not beginning with - or .
    {path}    a relative path of such words with / between them
    {text}    any text that does not begin with -
    {a|b|c}   one of these
    {{text    the text `{text`, for what begins with a brace

No class matches text that begins with a dash: a program would read it as an
option. [[edge.cli]] declares them.
"""

from __future__ import annotations

from edge.permissions.catalogue import NAME_LIMIT, Permission
from edge.permissions.names import DIGITS, WORD
from edge.text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.findings import Findings
    from edge.manifest.lines import Path
    from edge.permissions.catalogue import Request

MAX_ARGUMENTS = 64


class Cli(Permission):
    """Programs of the device."""

    name = "cli"
    words = 0
    table = "cli"
    setting = "[[edge.cli]]"
    levels = ("relaxed", "default")

    def problem(self, request: Request) -> str:
        wrong = (argument_problem(pattern) for pattern in request[2:])
        return program_problem(request[1]) or next(filter(None, wrong), "")

    def covers(self, grant: Request, request: Request) -> bool:
        return grant[1] == request[1] and all(map(argument_covers, grant[2:], request[2:]))

    def group(self, request: Request) -> Request:
        return (*request[:2], str(len(request)))

    def matches(self, request: Request, use: tuple[str, ...]) -> bool:
        is_program = len(request) - 1 == len(use) and request[1] == use[0]
        return is_program and all(map(argument_matches, request[2:], use[1:]))

    def why_excluded(self, level: str) -> str:
        return f"level {level} does not allow programs"

    def verb(self, use: tuple[str, ...]) -> str:
        program = plain(use[0], NAME_LIMIT) if use else "nothing"
        return f"run {program} with these arguments"

    def read(self, found: Findings, path: Path, value: Any) -> list[Request]:
        return [
            self._program(found, (*path, index), item)
            for index, item in enumerate(found.array(path, value, "edge.cli"))
        ]

    def _program(self, found: Findings, path: Path, item: Any) -> Request:
        table = found.table(path, item, "a program")
        found.known(path, table, ("program", "arguments"))
        program = table.get("program")
        problem = program_problem(program) if isinstance(program, str) else "`program` must be text"
        if problem:
            found.wrong((*path, "program"), problem)
        arguments = found.array((*path, "arguments"), table.get("arguments", []), "arguments")
        if len(arguments) > MAX_ARGUMENTS:
            found.wrong((*path, "arguments"), f"there are too many arguments; the limit is {MAX_ARGUMENTS}")
        for at, pattern in enumerate(arguments):
            is_text = isinstance(pattern, str)
            problem = argument_problem(pattern) if is_text else "an argument must be text"
            if problem:
                found.wrong((*path, "arguments", at), f"`{pattern}`: {problem}")
        return (self.name, str(program), *map(str, arguments))


PERMISSION = Cli()


def program_problem(path: str) -> str:
    """The problem of a program's path; empty if there is none."""
    parts = path.split("/")
    if parts[0] or len(parts) < 2 or "\0" in path or any(part in ("", ".", "..") for part in parts[1:]):
        return "a program must be an absolute path without . and .., for example /usr/bin/git"
    return ""


def argument_problem(pattern: str) -> str:
    """The problem of an argument's pattern; empty if there is none."""
    if "\0" in pattern:
        return "an argument must not contain NUL"
    if not pattern.startswith("{") or pattern.startswith("{{"):
        return ""
    if not pattern.endswith("}"):
        return "a pattern that starts with { must end with }; write {{ for a brace"
    choices = pattern[1:-1].split("|")
    if len(choices) == 1 and choices[0] not in CLASSES:
        known = ", ".join(f"{{{name}}}" for name in CLASSES)
        return f"unknown class; classes are {known}, choices are written {{one|two}}"
    if "" in choices:
        return "a choice is empty"
    return ""


def argument_matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches an argument."""
    if "\0" in text:
        return False
    literals = _literals(pattern)
    return text in literals if literals else CLASSES[pattern[1:-1]](text)


def argument_covers(pattern: str, other: str) -> bool:
    """Whether an argument's pattern matches everything that another one does."""
    inner = _literals(other)
    if inner:
        return all(argument_matches(pattern, text) for text in inner)
    return not _literals(pattern) and other[1:-1] in WITHIN[pattern[1:-1]]


def _literals(pattern: str) -> list[str]:
    """The texts that a pattern stands for; none for a class."""
    if pattern.startswith("{{"):
        return [pattern[1:]]
    if not pattern.startswith("{"):
        return [pattern]
    choices = pattern[1:-1].split("|")
    return choices if len(choices) > 1 else []


def _is_int(text: str) -> bool:
    return bool(text) and set(text) <= DIGITS


def _is_word(text: str) -> bool:
    return bool(text) and set(text) <= WORD and text[0] not in "-."


def _is_path(text: str) -> bool:
    return all(map(_is_word, text.split("/")))


def _is_text(text: str) -> bool:
    return not text.startswith("-")


CLASSES = {"int": _is_int, "word": _is_word, "path": _is_path, "text": _is_text}
WITHIN = {
    "int": ("int",),
    "word": ("int", "word"),
    "path": ("int", "word", "path"),
    "text": ("int", "word", "path", "text"),
}
