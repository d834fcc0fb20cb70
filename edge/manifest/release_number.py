"""Release numbers, which rise with every release, and the order of versions without a release number."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Part = tuple[int, int, str]
    Order = tuple[int, tuple[int, ...], tuple[Part, ...], tuple[tuple[int, Union[int, str]], ...]]

PARTS = 3
PART = 1000
MAX_RELEASE = 1 << 53
"""The largest number that every JSON reader keeps exactly."""

_PLAIN = re.compile(r"v?(\d+(?:\.\d+){0,2})", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(
    r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)"
    r"((?:[a-z][a-z0-9]*)?(?:[-._][a-z0-9]+)*)(?:\+([a-z0-9]+(?:[-._][a-z0-9]+)*))?",
    re.ASCII,
)
_WORDS = re.compile(r"[a-z]+|\d+")
_SHORT = {"a": "alpha", "b": "beta", "c": "rc", "pre": "rc", "preview": "rc", "rev": "post", "r": "post"}
_DEV, _POST = "dev", "post"
_END = (0, "")

_FIRST = {_DEV: 0, "number": 1, "word": 2, "end": 3, _POST: 4}
_LATER = {_DEV: 0, "end": 1, "number": 2, "word": 3, _POST: 4}
"""The order of the parts after a version's numbers, first and after another part."""


def derive(version: str) -> int:
    """The release number of a version: 1.2.3 is release 1002003; 0 if none can be derived.

    Up to three numbers, the second and third below 1000, missing ones 0, with or without a `v`: v1.2 is
    release 1002000, 2024.1.0 is 2024001000. None can be derived from 0.0.0, since numbers start at 1.
    """
    found = _PLAIN.fullmatch(version)
    if found is None:
        return 0
    parts = [*map(_number, found[1].split(".")), 0, 0][:PARTS]
    if max(parts[1:]) >= PART:
        return 0
    number = (parts[0] * PART + parts[1]) * PART + parts[2]
    return number if number < MAX_RELEASE else 0


def order(version: str) -> Order | None:
    """A sort key of versions in the order of PEP 440 and SemVer; None if a version is neither.

    Where they differ: pre-releases called `dev` come before all others (PEP 440), `1.0.0-1` before 1.0.0
    (SemVer), and what follows a `+` counts last.
    """
    found = _VERSION.fullmatch(version.lower())
    if found is None:
        return None
    epoch, numbers, suffix, build = found.groups("")
    parts = [_number(part) for part in numbers.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    words = _words(build) if build else []
    builds = tuple((1, _number(word)) if word.isdigit() else (0, word) for word in words)
    return _number(epoch or "0"), tuple(parts), _suffix(suffix), builds


def _suffix(text: str) -> tuple[Part, ...]:
    words = _words(text)
    found: list[Part] = []
    while words:
        word = words.pop(0)
        word = _SHORT.get(word, word)
        ranks = _LATER if found else _FIRST
        if word in (_DEV, _POST):
            number = _number(words.pop(0)) if words and words[0].isdigit() else 0
            found.append((ranks[word], number, ""))
        elif word.isdigit():
            found.append((ranks["number"], _number(word), ""))
        else:
            found.append((ranks["word"], 0, word))
    found.append(((_LATER if found else _FIRST)["end"], *_END))
    return tuple(found)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _number(text: str) -> int:
    # Versions have at most 64 characters (edge/manifest/rules.py), so converting digits is fast.
    return int(text)
