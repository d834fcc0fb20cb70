"""The rules for names of an archive's members, one by one and together.

An archive must have exactly one meaning: names that another reader, filesystem or decoder could interpret
differently are refused, not corrected.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAX_MEMBERS = 4096
MAX_PARTS = 16
MAX_PART_BYTES = 255
SHOWN_LETTERS = 160
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")

APPLE_DOUBLE = "._"
CLUTTER = frozenset((".ds_store", ".localized", "thumbs.db", "desktop.ini", "icon\r"))
CLUTTER_FOLDERS = frozenset(("__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd"))
"""Files that Finder, bsdtar and Explorer add to archives: attributes, previews and window positions."""

REMEDY = (
    "Create the archive again from the plugin's folder: tar -czhf NAME.tar.gz FOLDER (-h replaces "
    "links by files)"
)


def is_clutter(name: str) -> bool:
    """Whether the operating system added the file, so that it is not part of a plugin."""
    parts = name.lower().rstrip("/").split("/")
    return parts[-1].startswith(APPLE_DOUBLE) or parts[-1] in CLUTTER or not CLUTTER_FOLDERS.isdisjoint(parts)


def shown(text: str) -> str:
    """A name or a message from an archive, in printable form."""
    from edge.text import safe

    return safe(text, SHOWN_LETTERS)


def refuse(archive: str, member: str, why: str) -> NoReturn:
    """Raises `errors.BadPackage`."""
    from edge import errors

    raise errors.BadPackage(f"{archive}, member {shown(member)!r}: {why}", REMEDY)


class Names:
    """The names of an archive's members so far, including implied folders."""

    __slots__ = ("_archive", "_found")

    def __init__(self, archive: str) -> None:
        self._archive = archive
        # By name without case and Unicode form: its spelling, and its kind.
        self._found: dict[tuple[str, ...], tuple[str, str]] = {}

    def add(self, name: str, *, is_folder: bool) -> list[str]:
        """The parts of a member's name, which must be valid and new; none for the root folder."""
        below = _below(name)
        if below == "." and is_folder:
            self._put(name, (), "", "folder")
            return []
        problem = _problem(below) or _problem(_folded(below))
        if problem:
            refuse(self._archive, name, problem)
        parts = below.split("/")
        key = tuple(map(_folded, parts))
        for length in range(1, len(parts)):
            self._put(name, key[:length], parts[length - 1], "implied")
        self._put(name, key, parts[-1], "folder" if is_folder else "file")
        return parts

    def _put(self, name: str, key: tuple[str, ...], part: str, kind: str) -> None:
        spelling, before = self._found.get(key, (part, ""))
        if spelling != part:
            refuse(
                self._archive,
                name,
                f"its name differs from another one, {shown(spelling)!r}, only in case or Unicode form",
            )
        if before and "file" in (kind, before) and kind != before:
            refuse(self._archive, name, "a file and a folder have the same name")
        if before == kind != "implied":
            refuse(self._archive, name, "it occurs twice")
        if before != "folder":
            self._found[key] = (part, kind)
        if len(self._found) > MAX_MEMBERS:
            refuse(self._archive, name, f"it has more than {MAX_MEMBERS} members, including their folders")


def _below(name: str) -> str:
    """A name without the `./` that `tar -C FOLDER -c .` adds."""
    at = 0
    while name.startswith("./", at):
        at += 2
    return name[at:]


def _folded(text: str) -> str:
    """A name without the differences that a filesystem may ignore."""
    from unicodedata import normalize

    return normalize("NFKC", normalize("NFKC", text).casefold())


def _problem(name: str) -> str:
    """The problem of a single name."""
    if not name:
        return "it has no name"
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if not name.isprintable():
        return "its name has control characters or invisible characters"
    if "\\" in name:
        return "its name has a backslash"
    if ":" in name:
        return "its name has a colon"
    if _has_escape(name):
        return "its name has a percent-encoded character"
    if name.startswith("/"):
        return "its name is an absolute path"
    if name.count("/") >= MAX_PARTS:
        return f"its name has more than {MAX_PARTS} parts"
    if max(map(len, encoded.split(b"/"))) > MAX_PART_BYTES:
        return f"a part of its name is longer than {MAX_PART_BYTES} bytes"
    return next(filter(None, map(_part_problem, name.split("/"))), "")


def _part_problem(part: str) -> str:
    if not part:
        return "its name has an empty part, or ends in a slash"
    if part in (".", ".."):
        return f"its name has the part {part!r}"
    return "a part of its name ends in a dot or a space" if part[-1] in ". " else ""


def _has_escape(name: str) -> bool:
    """Whether a web server or its client would decode something, once or twice, or as `%u002f`."""
    after = (part[:2] for part in name.split("%")[1:])
    return any(part[:1] in ("u", "U") or (len(part) == 2 and HEX_DIGITS.issuperset(part)) for part in after)
