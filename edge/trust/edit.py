"""Changes of the operator's trusted.keys: made under a lock, all other lines and remarks left as they are.

Each is told to the audit before it is made.
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

    Fact = dict[str, Any]
    Line = tuple[bytes, list[Any]]
    """A line as it stands, and what it says."""

KEY_DIGITS = 2 * native.PUBLIC_KEY_BYTES
SHA256 = "sha256"


def add(public: bytes, label: str = "", plugins: Sequence[str] | None = None, *, again: bool = False) -> Fact:
    """Trusts a key, for these plugins or, without any, for all; None and no label leave what was said of it.

    Raises `errors.UsageError` for a key that was revoked, unless it is to be trusted `again`, for one that
    another file than the operator's revokes, and for a label or plugins that can't stand in a line of trust.
    `again` of the answer says whether it had been revoked.
    """
    digits = public.hex()

    def act(lines: list[Line]) -> tuple[list[Line], Fact]:
        own = trust_lines.keys_of(map(_words, lines))
        # What a bundle says of a key it trusts is kept as well: its scope above all.
        brought = (entry for entry, path in trusted() if path not in ("", trust.operator_path()))
        said = next((entry for entry in (*own, *brought) if entry.public == public), None)
        entry = trust.Trusted(
            public,
            label or (said.label if said else ""),
            (said.plugins if said else ()) if plugins is None else plugins,
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


def revoke(kind: str, digits: str, reason: str) -> Fact:
    """Trusts a key (`ed25519`) no more, or takes what has a digest (`sha256`) from nobody.

    Raises `errors.UsageError` for a reason that can't stand in a line of trust.
    """
    words = [trust.REVOKED, kind, digits, reason]

    def act(lines: list[Line]) -> tuple[list[Line], Fact]:
        kept = [
            line for line in lines if not (_is_about(line, kind, digits) or _is_revoked(line, kind, digits))
        ]
        line = _line(" ".join(filter(None, words)), words)
        return [*kept, line], {"act": "revoke", "kind": kind, "digits": digits, "reason": reason}

    with reserve.spent():
        return _change(act)


def set_floor(version: str) -> Fact:
    """Takes code of no older compiler than this release of wasmtime; tells what the operator said before."""

    def act(lines: list[Line]) -> tuple[list[Line], Fact]:
        kept = [line for line in lines if _words(line)[:1] != [trust.FLOOR]]
        before = newest(_floors(map(_words, lines)))
        line = _line(f"{trust.FLOOR} {version}", [trust.FLOOR, version])
        return [*kept, line], {"act": "floor", "wasmtime": version, "before": before}

    with reserve.spent():
        return _change(act)


def floor(held: Held | None = None) -> str:
    """The oldest compiler whose code is taken, by all files of trust; empty for any.

    `held`, here and below: the files as they were read already.
    """
    held = held or Held()
    return newest([version for path in trust.paths() for version in _floors(held.lines(path))])


def newest(versions: list[str]) -> str:
    """The highest of releases, empty for none."""
    return max(versions, key=lambda version: tuple(map(int, version.split("."))), default="")


def trusted(held: Held | None = None) -> list[tuple[Trusted, str]]:
    """Every line that trusts a key that is not revoked, and its file: empty for this machine's own key."""
    held = held or Held()
    gone = {digits for kind, digits, _, _ in revocations(held) if kind == trust.ALGORITHM}
    found = [(entry, path) for path in trust.paths() for entry in trust_lines.keys_of(held.lines(path))]
    own = held.own()
    if own is not None:
        found.append((trust.Trusted(own, trust.OWN), ""))
    return [(entry, path) for entry, path in found if entry.public.hex() not in gone]


def revocations(held: Held | None = None) -> list[tuple[str, str, str, str]]:
    """Kind, digits, reason and file of what was revoked, in all files of trust."""
    held = held or Held()
    return [
        (words[1], words[2], words[3], path)
        for path in trust.paths()
        for words in held.lines(path)
        if words[:1] == [trust.REVOKED]
    ]


def says_more(lines: list[list[Any]]) -> bool:
    """Whether lines say more than which keys are trusted."""
    return any(words and words[0] != trust.ALGORITHM for words in lines)


def _change(act: Callable[[list[Line]], tuple[list[Line], Fact]]) -> Fact:
    path = trust.operator_path()
    if not path:
        raise errors.EnvironmentFault(files.NO_PLACE.format("trusted keys", "XDG_CONFIG_HOME"), files.SET_ONE)
    with locked(path):
        mode = _mode(path)
        lines, fact = act(_lines(path))
        text = b"".join(line + b"\n" for line, _ in lines)
        trust_lines.parse(text, path)
        fact = {"event": "trust", **fact}
        with Staged(path, mode) as staged:
            staged.write(text)
            audit.append(fact)
            staged.commit()
    return fact


def _mode(path: str) -> int:
    """The mode of the file that is to be replaced. A link is not, since what it leads to would stay."""
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
    """A new line, which has to be read as it is meant: what is typed here never says more than that."""
    line = text.encode("utf-8", "surrogateescape")
    try:
        said = making.read_trust(line, "")
    except errors.OptionsError as error:
        why = error.message.partition(": ")[2] or error.message
    else:
        why = "" if said == [meant] else "it would have another meaning"
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
    """With the new line where the first about that key was, or at the end."""
    about = [at for at, line in enumerate(lines) if _is_about(line, trust.ALGORITHM, digits)]
    if not about:
        return [*lines, new]
    return [new if at == about[0] else line for at, line in enumerate(lines) if at not in about[1:]]


def _is_about(line: Line, kind: str, digits: str) -> bool:
    return kind == trust.ALGORITHM and _words(line)[:2] == [kind, digits]


def _is_revoked(line: Line, kind: str, digits: str) -> bool:
    return _words(line)[:3] == [trust.REVOKED, kind, digits]
