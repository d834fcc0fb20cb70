"""Changes of the operator's trusted.keys, under a lock; all other lines and remarks stay unchanged.

Each change is written to the audit log before it is made.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import audit, errors, files, trust
from edge._native import making
from edge.files import reserve
from edge.files.staged import Staged
from edge.policy.file import locked
from edge.trust import lines as trust_lines
from edge.trust.held import Held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from edge.trust import Trusted

    Event = dict[str, Any]
    Line = tuple[bytes, list[Any]]
    """The text of a line, and its parsed words."""

KEY_DIGITS = 2 * native.PUBLIC_KEY_BYTES
SHA256 = "sha256"


def add(
    public: bytes, label: str = "", plugins: Sequence[str] | None = None, *, again: bool = False
) -> Event:
    """Trusts a key, for these plugins or, if empty, for all; None and an empty label keep the present values.

    Raises `errors.UsageError` for a revoked key unless it is to be trusted `again`, for one that another file
    than the operator's revokes, and for a label or plugins that a line of trust cannot contain. `again` of
    the result shows whether it had been revoked.
    """
    digits = public.hex()

    def act(lines: list[Line]) -> tuple[list[Line], Event]:
        own = trust_lines.keys_of(map(_words, lines))
        # A bundle's label and scope of a key are kept, too.
        brought = (entry for entry, path in trusted() if path not in ("", trust.operator_path()))
        known = next((entry for entry in (*own, *brought) if entry.public == public), None)
        entry = trust.Trusted(
            public,
            label or (known.label if known else ""),
            (known.plugins if known else ()) if plugins is None else plugins,
        )
        revoked = [line for line in lines if _is_revoked(line, trust.ALGORITHM, digits)]
        if revoked and not again:
            raise errors.UsageError(
                f"Key {digits[:16]} was revoked on this machine",
                f"If that was a mistake: `edge key trust {digits} --again`",
            )
        new = _line(
            trust.line(public, entry.label, entry.plugins).rstrip("\n"),
            [trust.ALGORITHM, digits, entry.label, list(entry.plugins)],
        )
        changed = _replaced([line for line in lines if line not in revoked], digits, new)
        return changed, {
            "act": "trust",
            "key": digits,
            "label": entry.label,
            "plugins": list(entry.plugins),
            "again": bool(revoked),
        }

    for kind, revoked, _, path in revocations():
        if (kind, revoked) == (trust.ALGORITHM, digits) and path != trust.operator_path():
            raise errors.UsageError(
                f"Key {digits[:16]} is revoked by {path}", "To trust it, use another bundle of Edge"
            )
    return _change(act)


def revoke(kind: str, digits: str, reason: str) -> Event:
    """Revokes a key (`ed25519`) or everything with a digest (`sha256`).

    Raises `errors.UsageError` for a reason that a line of trust cannot contain.
    """
    words = [trust.REVOKED, kind, digits, reason]

    def act(lines: list[Line]) -> tuple[list[Line], Event]:
        kept = [
            line for line in lines if not (_is_about(line, kind, digits) or _is_revoked(line, kind, digits))
        ]
        line = _line(" ".join(filter(None, words)), words)
        return [*kept, line], {"act": "revoke", "kind": kind, "digits": digits, "reason": reason}

    with reserve.spent():
        return _change(act)


def set_floor(version: str) -> Event:
    """Refuses code of compilers older than this release of wasmtime; returns the previous floor."""

    def act(lines: list[Line]) -> tuple[list[Line], Event]:
        kept = [line for line in lines if _words(line)[:1] != [trust.FLOOR]]
        before = newest(_floors(map(_words, lines)))
        line = _line(f"{trust.FLOOR} {version}", [trust.FLOOR, version])
        return [*kept, line], {"act": "floor", "wasmtime": version, "before": before}

    with reserve.spent():
        return _change(act)


def floor(held: Held | None = None) -> str:
    """The oldest compiler whose code is accepted, by all files of trust; empty for any.

    `held`, here and below: the files if they were read already.
    """
    held = held or Held()
    return newest([version for path in trust.paths() for version in _floors(held.lines(path))])


def newest(versions: list[str]) -> str:
    """The highest of releases, empty for none."""
    return max(versions, key=lambda version: tuple(map(int, version.split("."))), default="")


def trusted(held: Held | None = None) -> list[tuple[Trusted, str]]:
    """Every trusted key that is not revoked, with its file: empty for this machine's own key."""
    held = held or Held()
    gone = {digits for kind, digits, _, _ in revocations(held) if kind == trust.ALGORITHM}
    found = [(entry, path) for path in trust.paths() for entry in trust_lines.keys_of(held.lines(path))]
    own = held.own()
    if own is not None:
        found.append((trust.Trusted(own, trust.OWN), ""))
    return [(entry, path) for entry, path in found if entry.public.hex() not in gone]


def revocations(held: Held | None = None) -> list[tuple[str, str, str, str]]:
    """Kind, digits, reason and file of every revocation in all files of trust."""
    held = held or Held()
    return [
        (words[1], words[2], words[3], path)
        for path in trust.paths()
        for words in held.lines(path)
        if words[:1] == [trust.REVOKED]
    ]


def says_more(lines: list[list[Any]]) -> bool:
    """Whether lines contain more than trusted keys."""
    return any(words and words[0] != trust.ALGORITHM for words in lines)


def _change(act: Callable[[list[Line]], tuple[list[Line], Event]]) -> Event:
    path = trust.operator_path()
    if not path:
        raise errors.EnvironmentFault(files.NO_PLACE.format("trusted keys", "XDG_CONFIG_HOME"), files.SET_ONE)
    with locked(path):
        mode = _mode(path)
        lines, event = act(_lines(path))
        text = b"".join(line + b"\n" for line, _ in lines)
        trust_lines.parse(text, path)
        event = {"event": "trust", **event}
        with Staged(path, mode) as staged:
            staged.write(text)
            audit.append(event)
            staged.commit()
    return event


def _mode(path: str) -> int:
    """The mode of the file to be replaced. A link is refused, since its target would stay unchanged."""
    try:
        mode = posix.lstat(path).st_mode
    except FileNotFoundError:
        return 0o644
    except OSError as error:
        files.raise_for(path, error)
    if mode & files.FORMAT_MASK != files.REGULAR:
        raise errors.EnvironmentFault(
            f"{path} is a link, which Edge does not replace",
            "Edit the file that it points to, or move that file here",
        )
    return mode & 0o777


def _lines(path: str) -> list[Line]:
    content = trust.read(path) or b""
    lines = content.split(b"\n")
    return list(zip(lines if lines[-1] else lines[:-1], trust_lines.parse(content, path)))


def _line(text: str, meant: list[Any]) -> Line:
    """A new line, which must be read as it is meant: typed text must not add anything to it."""
    line = text.encode("utf-8", "surrogateescape")
    try:
        parsed = making.read_trust(line, "")
    except errors.OptionsError as error:
        why = error.message.partition(": ")[2] or error.message
    else:
        why = "" if parsed == [meant] else "it would have another meaning"
    if why:
        raise errors.UsageError(
            f"This cannot be written to {trust.FILE}: {why}",
            "`edge key --help` describes the labels and plugins of a key",
        )
    return line, meant


def _words(line: Line) -> list[Any]:
    return line[1]


def _floors(lines: Iterable[list[Any]]) -> list[str]:
    return [words[1] for words in lines if words[:1] == [trust.FLOOR]]


def _replaced(lines: list[Line], digits: str, new: Line) -> list[Line]:
    """The lines with the new one in place of the first about that key, or at the end."""
    about = [at for at, line in enumerate(lines) if _is_about(line, trust.ALGORITHM, digits)]
    if not about:
        return [*lines, new]
    return [new if at == about[0] else line for at, line in enumerate(lines) if at not in about[1:]]


def _is_about(line: Line, kind: str, digits: str) -> bool:
    return kind == trust.ALGORITHM and _words(line)[:2] == [kind, digits]


def _is_revoked(line: Line, kind: str, digits: str) -> bool:
    return _words(line)[:3] == [trust.REVOKED, kind, digits]
