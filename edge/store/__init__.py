"""Installed plugins, in $XDG_DATA_HOME/edge/store (~/.local/share/edge/store); each user has a store.

    lock                 held for every change; calls take no lock
    plugins/NAME.json    the record of a plugin: its current release, the one before, whether it is enabled
    releases/ID/         the unpacked files of a package; ID is the digest of its description
        head             the signed description from the package
        manifest.toml    the plugin's manifest
        manifest.json    the same, checked and compiled (edge/manifest/__init__.py)
        code             for this machine's engine
        plugin.wasm      if the package contains it and this machine can compile
    calls/NAME.json      derived, may be missing: the call plan (edge/store/call_plan.py)
    calls/NAME.waiting   a release that waits for a secret or a setting (edge/store/awaited.py)
    staging/             unfinished work; emptied when the lock is taken

A change is staged and synced, and takes effect with the rename of one record. RATIONALE, "Why one rename".
"""

from __future__ import annotations

import posix

from edge import files
from edge._native import read_json
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from edge.permissions.catalogue import Request

HEAD = "head"
CODE = "code"
MANIFEST = "manifest.toml"
COMPILED = "manifest.json"
WASM = "plugin.wasm"
RECORD = ".json"
RECORD_FORMAT = 1

OWNER_ONLY = 0o700


class Record:
    """The record of a plugin.

    name             of the plugin
    current          folder of the release that calls run; empty when the plugin is removed
    previous         folder of the release before it; empty if there is none. Without a current one, the
                     plugin is being removed (edge/store/removal.py)
    enabled          whether it may be called
    floor            the highest release number that was ever current; lower ones are refused
    newest           the release with that number; the same number with other contents is refused
    newest_version   its version; empty in records of an older Edge
    origin           where the current release came from
    remote           whether that was another machine
    previous_source  where the release before came from, and whether that was another machine
    interpret        whether its code is interpreted although this CPU has a native engine
    consents         requests that the operator consented to, of the current and the previous release
    approved         which of these two releases may be called without asking for consent
    identity         of the file that it was read from; changes whenever that file does
    """

    FIELDS = (
        "name",
        "current",
        "previous",
        "enabled",
        "floor",
        "newest",
        "newest_version",
        "origin",
        "remote",
        "previous_source",
        "interpret",
        "consents",
        "approved",
    )
    __slots__ = (*FIELDS, "identity")

    def __init__(
        self,
        name: str,
        *,
        current: str = "",
        previous: str = "",
        enabled: bool = False,
        floor: int = 0,
        newest: str = "",
        newest_version: str = "",
        origin: str = "",
        remote: bool = False,
        previous_source: Iterable[object] = ("", False),
        interpret: bool = False,
        consents: Iterable[Iterable[str]] = (),
        approved: Iterable[str] = (),
        identity: str = "",
    ) -> None:
        self.name = name
        self.current = current
        self.previous = previous
        self.enabled = enabled
        self.floor = floor
        self.newest = newest
        self.newest_version = newest_version
        self.origin = origin
        self.remote = remote
        self.previous_source = tuple(previous_source)
        self.interpret = interpret
        self.consents: tuple[Request, ...] = tuple(map(tuple, consents))
        self.approved = tuple(approved)
        self.identity = identity

    def replace(self, **changes: Any) -> Record:
        """A copy with these fields changed."""
        return Record(**{name: changes.pop(name, getattr(self, name)) for name in self.FIELDS}, **changes)

    def is_approved(self, release_id: str) -> bool:
        """Whether a release may be called without asking for consent."""
        return release_id in self.approved

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and all(
            getattr(self, name) == getattr(other, name) for name in self.FIELDS
        )

    def __hash__(self) -> int:
        return hash((self.name, self.current))


def root() -> str:
    """The store's folder, which may not exist yet."""
    return f"{files.data_folder()}/store"


def record_path(name: str) -> str:
    """The path of a plugin's record."""
    return f"{root()}/plugins/{name}{RECORD}"


def release_path(release_id: str) -> str:
    """The folder of a release."""
    return f"{root()}/releases/{release_id}"


def call_plan_path(name: str) -> str:
    """The path of a plugin's call plan."""
    return f"{root()}/calls/{name}.json"


def config_path(name: str) -> str:
    """The path of a plugin's configuration: a JSON object that calls pass on unchanged."""
    return f"{files.data_folder()}/config/{name}.json"


def secrets_path(name: str) -> str:
    """The path of a plugin's secrets, which are sealed."""
    return f"{files.data_folder()}/secrets/{name}.json"


def waiting_path(name: str) -> str:
    """The path of the manifest of a release that waits for a setting (edge/store/awaited.py)."""
    return f"{root()}/calls/{name}.waiting"


def staging_path() -> str:
    """The folder in which changes are prepared."""
    return f"{root()}/staging"


def read(path: str) -> bytes | None:
    """A small file of the store; None if it does not exist."""
    found = files.read_own(path)
    return found and found[0]


def identity(found: posix.stat_result) -> str:
    """A text that changes whenever the contents of a file may have changed."""
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def find(name: str) -> Record | None:
    """The record of a plugin that is, or was, installed.

    Raises `errors.StoreDamaged` if it is not valid.
    """
    if not is_plugin_name(name):
        return None
    path = record_path(name)
    found = files.read_own(path)
    return _parse(found[0], name, path, identity(found[1])) if found else None


def _parse(text: bytes, name: str, path: str, identity: str) -> Record:
    try:
        fields = read_json(text, path)
        if fields.pop("format") != RECORD_FORMAT or fields["name"] != name:
            raise ValueError("its format is unknown, or it belongs to another plugin")
        if not all(isinstance(ask, list) for ask in fields["consents"]):
            raise ValueError("`consents` must contain lists of strings")
        # Records of an older Edge lack it: an enabled release was consented to.
        fields.setdefault("approved", [fields["current"]] if fields["enabled"] else [])
        if not isinstance(fields["approved"], list):
            raise ValueError("`approved` must contain strings")
        record = Record(**fields, identity=identity)
        _check_types(record)
    except Exception as error:
        from edge import errors

        why = error.message.removeprefix(f"{path}: ") if isinstance(error, errors.EdgeError) else error
        raise errors.StoreDamaged(
            f"{path} is not a valid plugin record: {why}",
            f"Remove the plugin and install it again: `edge remove {name} --forget`",
        ) from None
    return record


def _check_types(record: Record) -> None:
    usual = Record("")
    for field in Record.FIELDS:
        if type(getattr(record, field)) is not type(getattr(usual, field)):
            raise ValueError(f"`{field}` has the wrong type")
    if not all(isinstance(word, str) for ask in record.consents for word in ask):
        raise ValueError("`consents` must contain lists of strings")
    if not all(isinstance(release, str) for release in record.approved):
        raise ValueError("`approved` must contain strings")
    if tuple(map(type, record.previous_source)) != (str, bool):
        raise ValueError("`previous_source` must contain an origin and whether that is another machine")
    for folder in (record.current, record.previous):
        if "/" in folder or folder.startswith("."):
            raise ValueError(f"`{folder}` is not a release")
