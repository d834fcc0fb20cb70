"""policy.json: read without trust, written atomically."""

from __future__ import annotations

import posix

from edge import files
from edge.files.staged import Staged
from edge.manifest import RISKS
from edge.permissions import levels, requests
from edge.policy.model import FORMAT, MAX_BYTES, NOBODY, UNATTENDED, PluginPolicy, Policy
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIELDS = ("format", "level", "unattended", "plugins")
PLUGIN_FIELDS = ("level", "consents", "grants")
LOCK = ".lock"


def default_path() -> str:
    """The path of this user's policy; empty if there is no place for it."""
    return files.policy_path()


def load(path: str = "") -> Policy:
    """The policy; the defaults if there is none yet.

    Raises `errors.EnvironmentFault` for a file that others can write or that is invalid: a policy is applied
    as a whole or not at all.
    """
    path = path or default_path()
    text = files.read_guarded(path, files.OTHERS_WRITE) if path else None
    if text is None:
        return Policy(path)
    return read(text, path)


def read(text: bytes, path: str) -> Policy:
    """The policy in a file; raises `errors.EnvironmentFault` if it holds anything else."""
    import json

    try:
        if len(text) > MAX_BYTES:
            raise ValueError(f"the file is longer than {MAX_BYTES >> 20} MB")
        return _policy(
            json.loads(text.removeprefix(files.BYTE_ORDER_MARK).decode(), object_pairs_hook=_once), path
        )
    except (ValueError, RecursionError) as error:
        from edge import errors
        from edge.files.encoding import problem

        wrong, remedy = problem(text, path)
        raise errors.EnvironmentFault(
            f"{path} is not a valid policy: {wrong or error}",
            remedy or "Correct it, or move it away to return to the defaults, with nothing granted",
        ) from None


def document(policy: Policy) -> dict[str, Any]:
    """The contents of a policy's file; plugins without settings are left out."""
    return {
        "format": FORMAT,
        "level": policy.level,
        "unattended": policy.unattended,
        "plugins": {
            name: {"level": own.level, "consents": own.consents, "grants": own.grants}
            for name, own in sorted(policy.plugins.items())
            if own.level or own.consents or own.grants
        },
    }


def write(policy: Policy, event: dict[str, Any]) -> None:
    """Replaces a policy's file, after its audit entry is written.

    RATIONALE, "Why a change is audited before it is made".
    """
    import json

    from edge import audit

    with Staged(policy.path, 0o600) as staged:
        staged.write(json.dumps(document(policy), indent=1).encode() + b"\n")
        audit.append(event)
        staged.commit()


class locked:  # noqa: N801 it is used as a function is
    """Holds the lock of a policy for a `with`; others wait.

    The lock is a file of its own. It stays beside a policy, so that one that is lost is missed; where no
    policy came of it, it is gone again.
    """

    __slots__ = ("_fd", "_missing", "_path")

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1
        self._missing: list[str] | None = None

    def __enter__(self) -> None:
        import fcntl

        from edge.files import folders, locking

        lock = self._path + LOCK
        if not posix.access(lock, 0):
            self._missing = folders.missing(files.folder(lock))
        try:
            self._fd = locking.take(lock, lambda fd: fcntl.flock(fd, fcntl.LOCK_EX))
        except OSError as error:
            files.raise_own(lock, error)
        _sweep(self._path)

    def __exit__(self, *_: object) -> None:
        try:
            if self._missing is not None and not posix.access(self._path, 0):
                from edge.files import folders, staged

                staged.remove(self._path + LOCK)
                folders.remove_empty(self._missing)
        finally:
            posix.close(self._fd)


def _sweep(path: str) -> None:
    """Removes the temporary files of killed writers; a file that cannot be removed does no harm."""
    from contextlib import suppress

    folder, begin = files.folder(path), f".{files.base_name(path)}."
    with suppress(OSError):
        for name in posix.listdir(folder):
            if name.startswith(begin) and name.endswith(files.TEMPORARY):
                posix.unlink(f"{folder}/{name}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a duplicate name")
    return found


def _policy(data: Any, path: str) -> Policy:
    table = _table(data, FIELDS, "it")
    if table.get("format") != FORMAT:
        raise ValueError(f'"format" must be {FORMAT}')
    level = levels.level(_text(table.get("level", levels.DEFAULT), "level"))
    unattended = _text(table.get("unattended", UNATTENDED), "unattended")
    if unattended not in (NOBODY, *RISKS):
        raise ValueError(f'"unattended" must be one of {", ".join((NOBODY, *RISKS))}')
    plugins = table.get("plugins", {})
    if not isinstance(plugins, dict):
        raise ValueError('"plugins" must be an object')
    return Policy(path, level, unattended, {name: _plugin(name, own) for name, own in plugins.items()})


def _plugin(name: str, data: Any) -> PluginPolicy:
    if not is_plugin_name(name):
        raise ValueError(f"`{name}` is not a valid plugin name")
    table = _table(data, PLUGIN_FIELDS, f"the entry of {name}")
    level = _text(table.get("level", ""), "level")
    return PluginPolicy(
        level and levels.level(level), _asks(table, "consents", name), _asks(table, "grants", name)
    )


def _asks(table: dict[str, Any], field: str, name: str) -> list[tuple[str, ...]]:
    listed = table.get(field, [])
    if not isinstance(listed, list):
        raise ValueError(f'"{field}" of {name} must be an array')
    found = []
    for item in listed:
        if not isinstance(item, list) or not all(isinstance(word, str) for word in item):
            raise ValueError(f'"{field}" of {name} must contain arrays of text')
        problem = requests.problem(tuple(item))
        if problem:
            raise ValueError(f'"{field}" of {name}, {requests.spelled(tuple(item)) or "[]"}: {problem}')
        found.append(tuple(item))
    return found


def _table(value: Any, fields: tuple[str, ...], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object")
    for field in value:
        if field not in fields:
            raise ValueError(f"{what} has an unknown field `{field}`")
    return value


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f'"{field}" must be text')
    return value
