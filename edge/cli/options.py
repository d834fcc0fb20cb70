"""Parses command lines by tables: argparse would cost 1.2 MB and 70 ms of every call on a Pi Zero.

RATIONALE, "Why no argparse".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn


class Option:
    """`--name METAVAR`, or a switch without a metavar; `many` collects the values of repeated options."""

    __slots__ = ("convert", "many", "metavar", "name", "short", "text")

    def __init__(
        self,
        name: str,
        metavar: str,
        text: str,
        *,
        short: str = "",
        many: bool = False,
        convert: Callable[[str], Any] = str,
    ) -> None:
        self.name = name
        self.metavar = metavar
        self.text = text
        self.short = short
        self.many = many
        self.convert = convert

    def spelled(self) -> str:
        """The option as in a usage text."""
        return f"--{self.name} {self.metavar}" if self.metavar else f"--{self.name}"


class Command:
    """Description of a command: `arguments` as in a usage line, optional ones in brackets.

    If the last one ends in `...]`, it takes any number of arguments.
    """

    __slots__ = ("arguments", "example", "name", "options", "summary")

    def __init__(
        self, name: str, arguments: str, summary: str, options: Sequence[Option], example: str
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.summary = summary
        self.options = (*options, JSON, HELP)
        self.example = example

    def usage(self) -> str:
        """The command in one line."""
        return " ".join(("edge", self.name, *self.arguments.split(), "[OPTION...]"))

    def parse(self, words: Sequence[str]) -> Arguments:
        """Parses a command line; `--help` before a `--` ends parsing, and the rest is not checked."""
        arguments = Arguments()
        rest = iter(words)
        for word in rest:
            if word == "--":
                arguments.positional.extend(rest)
            elif word.startswith("-") and word != "-":
                self._take(arguments, word, rest)
            else:
                arguments.positional.append(word)
            if arguments.options.get(HELP.name):
                return arguments
        self.check_count(arguments.positional)
        return arguments

    def _take(self, arguments: Arguments, word: str, rest: Any) -> None:
        name, equals, value = word.partition("=")
        option = next((option for option in self.options if name in (f"--{option.name}", option.short)), None)
        if option is None:
            self._wrong_option(name)
        if not option.metavar:
            if equals:
                self._wrong(f"{name} takes no value")
            arguments.options[option.name] = True
            return
        if not equals:
            value = next(rest, "")
            if not value:
                self._wrong(f"{name} needs a value: {option.spelled()}")
        try:
            converted = option.convert(value)
        except ValueError as error:
            self._wrong(f"{name} {value}: {error}")
        if option.many:
            arguments.options.setdefault(option.name, []).append(converted)
        else:
            arguments.options[option.name] = converted

    def check_count(self, arguments: Sequence[str]) -> None:
        """Raises `errors.UsageError` for arguments that are too few or too many."""
        names = self.arguments.split()
        required = [name for name in names if not name.startswith("[")]
        if len(arguments) < len(required):
            self._wrong(f"{' and '.join(required[len(arguments) :])} missing")
        if len(arguments) > len(names) and not self.arguments.endswith("...]"):
            self._wrong(f"unexpected argument `{arguments[len(names)]}`")

    def _wrong_option(self, name: str) -> NoReturn:
        from edge.suggest import nearest

        near = nearest(name, [f"--{option.name}" for option in self.options])
        self._wrong(f"no such option: {name}{f'; did you mean {near}?' if near else ''}")

    def _wrong(self, what: str) -> NoReturn:
        from edge import errors

        raise errors.UsageError(f"{self.name}: {what}", f"Usage: {self.usage()}; --help shows details")


class Arguments:
    """The parsed arguments of a command: the positional ones in order, the options by name."""

    __slots__ = ("options", "positional")

    def __init__(self) -> None:
        self.positional: list[str] = []
        self.options: dict[str, Any] = {}

    def get(self, name: str, default: Any = None) -> Any:
        """An option's value."""
        return self.options.get(name, default)


def named_file(text: str) -> tuple[str, str]:
    """Parses NAME=FILE."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ValueError("expected NAME=FILE")
    return name, path


MAX_AMOUNT = 1 << 53
MAX_SECONDS = 1_000_000_000


def at_least_one(text: str, most: int = MAX_AMOUNT) -> int:
    """A whole number from 1 to `most`."""
    # Python refuses to convert numbers with too many digits.
    number = int(text) if text.isdecimal() and len(text) < 100 else 0
    if not 1 <= number <= most:
        raise ValueError(f"expected a whole number from 1 to {most}")
    return number


def megabytes(text: str) -> int:
    """Megabytes, up to the maximum memory of a guest."""
    return at_least_one(text, 1 << 16)


def narrow(text: str) -> int:
    """A positive number of 32 bits."""
    return at_least_one(text, (1 << 32) - 1)


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < MAX_SECONDS:
        raise ValueError(f"expected a number of seconds above 0 and below {MAX_SECONDS}")
    return number


JSON = Option("json", "", "print one JSON document on stdout")
HELP = Option("help", "", "show this text", short="-h")
