"""Changes of the operator's trusted.keys: made under a lock, all other lines and remarks left as they are.

Each is told to the audit before it is made.
"""

from __future__ import annotations

from edge import _native as native
from edge import audit, errors, files, keys, trust
from edge.policy.text import locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Fact = dict[str, Any]

KEY_DIGITS = 2 * native.PUBLIC_KEY_BYTES
SHA256 = "sha256"
FLOOR = "wasmtime"


def add(public: bytes, label: str, plugins: Sequence[str] = (), *, again: bool = False) -> Fact:
    """Trusts a key, for these plugins or for all; replaces what was said of it.

    A key that was revoked is trusted `again` only where that is said; errors.UsageError otherwise.
    """

    def act(lines: list[str]) -> list[str]:
        kept = [line for line in lines if not _is_about(line, trust.ALGORITHM, public.hex())]
        revoked = [line for line in lines if _is_revoked(line, trust.ALGORITHM, public.hex())]
        if revoked and not again:
            raise errors.UsageError(
                f"Key {public.hex()[:16]} was revoked here", "If that was a mistake: edge key trust --again"
            )
        kept = [line for line in kept if line not in revoked]
        return [*kept, trust.line(public, label, plugins).rstrip("\n")]

    return _change(
        act, {"act": "trust", "key": public.hex(), "label": label, "plugins": list(plugins), "again": again}
    )


def revoke(kind: str, digits: str, reason: str) -> Fact:
    """Trusts a key (`ed25519`) no more, or takes what has a digest (`sha256`) from nobody."""

    def act(lines: list[str]) -> list[str]:
        kept = [
            line for line in lines if not (_is_about(line, kind, digits) or _is_revoked(line, kind, digits))
        ]
        return [*kept, " ".join(filter(None, (trust.REVOKED, kind, digits, reason)))]

    return _change(act, {"act": "revoke", "kind": kind, "digits": digits, "reason": reason})


def set_floor(version: str) -> Fact:
    """Takes code of no older compiler than this release of wasmtime."""

    def act(lines: list[str]) -> list[str]:
        kept = [line for line in lines if _words(line)[:1] != [FLOOR]]
        return [*kept, f"{FLOOR} {version}"]

    return _change(act, {"act": "floor", "wasmtime": version})


def floor() -> str:
    """The oldest compiler that the operator takes code of; empty for any."""
    for line in _lines(trust.read(trust.operator_path())):
        words = _words(line)
        if words[:1] == [FLOOR]:
            return words[1]
    return ""


def revocations() -> list[tuple[str, str, str]]:
    """Kind, digits and reason of what was revoked, in all files of trust."""
    found = []
    for path in trust.paths():
        for line in _lines(trust.read(path)):
            words = line.partition("#")[0].split(None, 3)
            if words[:1] == [trust.REVOKED]:
                found.append((words[1], words[2].lower(), words[3] if len(words) > 3 else ""))
    return found


def _change(act: Callable[[list[str]], list[str]], fact: Fact) -> Fact:
    path = trust.operator_path()
    if not path:
        raise errors.EnvironmentFault(
            "There is no place for trusted keys: neither XDG_CONFIG_HOME nor HOME is set", "Set one of them"
        )
    keys.make_folder(files.folder(path), 0o700)
    fact = {"event": "trust", **fact}
    with locked(path):
        before = trust.read(path)
        trust.check(before, path)
        text = ("\n".join(act(_lines(before))) + "\n").encode()
        trust.check(text, path)
        audit.append(fact)
        with files.Staged(path, 0o644) as staged:
            staged.write(text)
            staged.commit()
    return fact


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "surrogateescape").splitlines()


def _words(line: str) -> list[str]:
    return line.partition("#")[0].split()


def _is_about(line: str, kind: str, digits: str) -> bool:
    words = _words(line)
    return len(words) > 1 and words[0] == kind == trust.ALGORITHM and words[1].lower() == digits


def _is_revoked(line: str, kind: str, digits: str) -> bool:
    words = _words(line)
    return len(words) > 2 and words[:2] == [trust.REVOKED, kind] and words[2].lower() == digits
