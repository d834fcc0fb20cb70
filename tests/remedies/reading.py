"""Reads a remedy where people read it, and takes from it what it says to run."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Any

QUOTED = re.compile(r"`([^`]+)`")


class Advice:
    """A remedy that was told.

    text     as it was told
    filled   what stands in place of each `{}`
    """

    def __init__(self, text: str, filled: tuple[str, ...]) -> None:
        self.text = text
        self.filled = filled

    def command(self, at: int = 0, **names: object) -> list[str]:
        """The words of one of its commands; `names`: what the reader puts for words like NAME."""
        words = shlex.split(QUOTED.findall(self.text)[at])
        return [str(names.get(word, word)) for word in words]

    def edge(self, at: int = 0, **names: object) -> list[str]:
        """The same of a command of Edge's, without its name."""
        program, *words = self.command(at, **names)
        assert program == "edge"
        return words

    def shell(self, at: int = 0) -> str:
        """Runs a command that is not Edge's, as root, and returns what it prints."""
        words = self.command(at)
        words = words[1:] if words[0] == "sudo" else words
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def built_in(self, before: str = ":") -> str:
        """Runs a command that a shell has built in, after another one, and returns what it prints."""
        line = f"{before}; {' '.join(self.command())}"
        done = subprocess.run(["/bin/sh", "-c", line], check=True, capture_output=True, text=True)
        return done.stdout.strip()


def advice(told: Any, remedy: str) -> Advice:
    """The remedy in what a command printed, in an error or in a text; `{}` in it stands for any text.

    tests/remedies/test_complete.py reads the calls of this function: by them a remedy counts as followed.
    """
    text = " ".join(str(getattr(told, "err", told)).split())
    spaced = "(.+?)".join(re.escape(part) for part in remedy.split("{}"))
    found = re.search(spaced if "{}" not in remedy[-2:] else f"{spaced}$", text)
    assert found, (remedy, text)
    return Advice(found[0], found.groups())
