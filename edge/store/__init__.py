"""Installed plugins, in $XDG_DATA_HOME/edge/store (~/.local/share/edge/store), root's own for root.

    lock                 whoever changes anything holds it; calls take no lock
    plugins/NAME.json    the record of a plugin: its current release, the one before, whether it is enabled
    releases/ID/         what was unpacked of a package, ID the digest of its description
        head             the signed description, as it stood in the package
        manifest.toml    the plugin's manifest
        manifest.json    the same, checked and compiled (edge/manifest/__init__.py)
        code             for this machine's engine
        plugin.wasm      where the package had it and this machine can compile
    calls/NAME.json      derived, may be missing: what a call needs to know (edge/store/call_plan.py)
    calls/NAME.waiting   a release that waits for a secret or a setting (edge/store/awaited.py)
    staging/             what is being made; emptied by whoever takes the lock next

A change is staged, synced, and becomes real with the rename of one record. RATIONALE, "Why one rename".
"""

from __future__ import annotations

import posix

from edge import files

HEAD = "head"
CODE = "code"
MANIFEST = "manifest.toml"
COMPILED = "manifest.json"
WASM = "plugin.wasm"
RECORD = ".json"

OWNER_ONLY = 0o700


def root() -> str:
    """The store's folder, which may not be there yet."""
    return f"{files.data_folder()}/store"


def record_path(name: str) -> str:
    """Where the record of a plugin is."""
    return f"{root()}/plugins/{name}{RECORD}"


def release_path(release_id: str) -> str:
    """Where a release is."""
    return f"{root()}/releases/{release_id}"


def terms_path(name: str) -> str:
    """Where what a call needs is kept."""
    return f"{root()}/calls/{name}.json"


def config_path(name: str) -> str:
    """Where the configuration of a plugin is kept: a JSON object, passed on as it stands."""
    return f"{files.data_folder()}/config/{name}.json"


def secrets_path(name: str) -> str:
    """Where the secrets of a plugin are kept, sealed."""
    return f"{files.data_folder()}/secrets/{name}.json"


def waiting_path(name: str) -> str:
    """Where the manifest of a release is kept that waits for a setting (edge/store/awaited.py)."""
    return f"{root()}/calls/{name}.waiting"


def staging_path() -> str:
    """Where changes are prepared."""
    return f"{root()}/staging"


def read(path: str) -> bytes | None:
    """A small file of the store, None where there is none."""
    return read_known(path)[0]


def read_known(path: str) -> tuple[bytes | None, str]:
    """The same, and a text that changes whenever the file is replaced or written.

    Its folder is not looked at, for what that costs each call: whoever takes the store's lock does, and what
    others can bring here is not this user's.
    """
    try:
        fd = posix.open(path, files.READ_OWN)
    except FileNotFoundError:
        return None, "none"
    except OSError as error:
        files.raise_own(path, error)
    try:
        found = posix.fstat(fd)
        files.guard(path, found, files.OTHERS_WRITE)
        return files.read_all(fd), identity(found)
    except OSError as error:
        files.raise_own(path, error)
    finally:
        posix.close(fd)


def identity(found: posix.stat_result) -> str:
    """What of a file changes whenever its contents may have."""
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
