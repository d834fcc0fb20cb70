"""Detects texts in UTF-16, as editors and shells of Windows save them, where UTF-8 is expected."""

from __future__ import annotations

from edge.suggest import shell

MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Byte order marks; the longer ones begin with a shorter one."""

LOOKED_AT = 64
MIN_BYTES = 4


def foreign(content: bytes) -> str:
    """The encoding of a text as `iconv` names it; empty if it may be UTF-8.

    It shows by a byte order mark or by NULs in every second byte.
    """
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), "")
    head = content[:LOOKED_AT]
    if marked or len(head) < MIN_BYTES:
        return marked
    for name, letters, nuls in (("UTF-16LE", head[::2], head[1::2]), ("UTF-16BE", head[1::2], head[::2])):
        if not nuls.strip(b"\0") and 0 not in letters:
            return name
    return ""


def problem(content: bytes, path: str = "") -> tuple[str, str]:
    """The fault of a text's encoding, and the remedy; both empty if there is none.

    `path`: of its file, empty if there is no file.
    """
    name = foreign(content)
    if not name:
        return "", ""
    how = f"`iconv -f {name} -t UTF-8`"
    if not path:
        return f"this is {name[:6]}, not UTF-8", f"Convert it: {how}"
    new, old = shell(f"{path}.utf8"), shell(path)
    return (
        f"this is {name[:6]}, not UTF-8",
        f"Convert it: {how[:-1]} -o {new} {old}`, then `mv {new} {old}`",
    )


def check(content: bytes, path: str) -> bytes:
    """Returns the contents of a file that the user named; `errors.ArgumentsError` for UTF-16."""
    wrong, remedy = problem(content, path)
    if wrong:
        from edge import errors

        raise errors.ArgumentsError(f"{path}: {wrong}", remedy)
    return content
