"""Changes of the operator's trusted.keys: made under a lock, all other lines and remarks left as they are.

Each is told to the audit before it is made.
"""

from __future__ import annotations

import posix

from edge import _native as native
from edge import audit, errors, files, keys, trust
from edge.policy.text import locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from edge.trust import Trusted

    Fact = dict[str, Any]

KEY_DIGITS = 2 * native.PUBLIC_KEY_BYTES
SHA256 = "sha256"
FLOOR = "wasmtime"


def add(public: bytes, label: str = "", plugins: Sequence[str] | None = None, *, again: bool = False) -> Fact:
    """Trusts a key, for these plugins or, without any, for all; None and no label leave what was said of it.

    Raises `errors.UsageError` for a key that was revoked, unless it is to be trusted `again`, and for one
    that another file than the operator's revokes. `again` of the answer says whether it had been revoked.
    """
    digits = public.hex()

    def act(lines: list[str]) -> tuple[list[str], Fact]:
        said = next((entry for entry in trust.parse(_joined(lines)) if entry.public == public), None)
        entry = trust.Trusted(
            public,
            label or (said.label if said else ""),
            (said.plugins if said else ()) if plugins is None else plugins,
        )
        revoked = [line for line in lines if _is_revoked(line, trust.ALGORITHM, digits)]
        if revoked and not again:
            raise errors.UsageError(
                f"Key {digits[:16]} was revoked here", "If that was a mistake: edge key trust --again"
            )
        new = trust.line(public, entry.label, entry.plugins).rstrip("\n")
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
                f"Key {digits[:16]} is revoked by {path}", "Trust in it begins with another bundle of Edge"
            )
    return _change(act)


def revoke(kind: str, digits: str, reason: str) -> Fact:
    """Trusts a key (`ed25519`) no more, or takes what has a digest (`sha256`) from nobody."""

    def act(lines: list[str]) -> tuple[list[str], Fact]:
        kept = [
            line for line in lines if not (_is_about(line, kind, digits) or _is_revoked(line, kind, digits))
        ]
        line = " ".join(filter(None, (trust.REVOKED, kind, digits, reason)))
        return [*kept, line], {"act": "revoke", "kind": kind, "digits": digits, "reason": reason}

    return _change(act)


def set_floor(version: str) -> Fact:
    """Takes code of no older compiler than this release of wasmtime; tells what the operator said before."""

    def act(lines: list[str]) -> tuple[list[str], Fact]:
        floors = [line for line in lines if _words(line)[:1] == [FLOOR]]
        kept = [line for line in lines if line not in floors]
        before = newest([_words(line)[1] for line in floors])
        return [*kept, f"{FLOOR} {version}"], {"act": "floor", "wasmtime": version, "before": before}

    return _change(act)


def floor() -> str:
    """The oldest compiler whose code is taken, by all files of trust; empty for any."""
    words = (_words(line) for path in trust.paths() for line in _lines(_read(path)))
    return newest([told[1] for told in words if told[:1] == [FLOOR]])


def newest(versions: list[str]) -> str:
    """The highest of releases, empty for none."""
    return max(versions, key=lambda version: tuple(map(int, version.split("."))), default="")


def trusted() -> list[tuple[Trusted, str]]:
    """Every line that trusts a key that is not revoked, and its file: empty for this machine's own key."""
    gone = {digits for kind, digits, _, _ in revocations() if kind == trust.ALGORITHM}
    found = [(entry, path) for path in trust.paths() for entry in trust.parse(_read(path))]
    own = keys.local_public()
    if own is not None:
        found.append((trust.Trusted(own, trust.OWN), ""))
    return [(entry, path) for entry, path in found if entry.public.hex() not in gone]


def revocations() -> list[tuple[str, str, str, str]]:
    """Kind, digits, reason and file of what was revoked, in all files of trust."""
    found = []
    for path in trust.paths():
        for line in _lines(_read(path)):
            words = line.partition("#")[0].split(None, 3)
            if words[:1] == [trust.REVOKED]:
                reason = words[3].strip() if len(words) > 3 else ""
                found.append((words[1], words[2].lower(), reason, path))
    return found


def says_more(content: bytes) -> bool:
    """Whether a text, which was checked, says more than which keys are trusted."""
    return any(words and words[0] != trust.ALGORITHM for words in map(_words, _lines(content)))


def _change(act: Callable[[list[str]], tuple[list[str], Fact]]) -> Fact:
    path = trust.operator_path()
    if not path:
        raise errors.EnvironmentFault(
            "There is no place for trusted keys: neither XDG_CONFIG_HOME nor HOME is set", "Set one of them"
        )
    keys.make_folder(files.folder(path), 0o700)
    with locked(path):
        mode = _mode(path)
        lines, fact = act(_lines(_read(path)))
        text = _joined(lines)
        trust.check(text, path)
        fact = {"event": "trust", **fact}
        with files.Staged(path, mode) as staged:
            staged.write(text)
            audit.append(fact)
            staged.commit()
    return fact


def _read(path: str) -> bytes:
    content = trust.read(path)
    trust.check(content, path)
    return content


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
            f"{path} is a link, which is read and not written", "Edit what it leads to, or move that here"
        )
    return mode & 0o777


def _replaced(lines: list[str], digits: str, new: str) -> list[str]:
    """With the new line where the first about that key was, or at the end."""
    about = [at for at, line in enumerate(lines) if _is_about(line, trust.ALGORITHM, digits)]
    if not about:
        return [*lines, new]
    return [new if at == about[0] else line for at, line in enumerate(lines) if at not in about[1:]]


def _lines(content: bytes) -> list[str]:
    # As the native library sees them: other characters that end a line do not end one there.
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    return lines[:-1] if not lines[-1] else lines


def _joined(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _words(line: str) -> list[str]:
    return line.partition("#")[0].split()


def _is_about(line: str, kind: str, digits: str) -> bool:
    words = _words(line)
    return len(words) > 1 and words[0] == kind == trust.ALGORITHM and words[1].lower() == digits


def _is_revoked(line: str, kind: str, digits: str) -> bool:
    words = _words(line)
    return len(words) > 2 and words[:2] == [trust.REVOKED, kind] and words[2].lower() == digits
