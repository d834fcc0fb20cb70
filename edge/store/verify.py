"""Whether an installed release still is as it was signed: reads every byte of it."""

from __future__ import annotations

import posix

from edge import _native as native
from edge import files, store
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.errors import EdgeError
    from edge.store import Record
    from edge.store.view import Release

PIECE = 1 << 16


def fault_of(release_id: str, name: str) -> EdgeError | None:
    """The error that a call would raise for a release (missing, changed, no longer trusted), or None."""
    release = View().release(release_id, name)
    # Trust comes second: the level that it depends on is read from files that are checked first.
    return damage_of(release) or release.refusal


def is_whole(record: Record, signer: str) -> bool:
    """Whether the current release of a plugin is undamaged and signed by this key, which is trusted."""
    release = View().release(record.current, record.name)
    return damage_of(release) is None and release.refusal is None and release.signed["signer"] == signer


def damage_of(release: Release) -> EdgeError | None:
    """The error for a release with a missing or changed file, or None."""
    from edge import errors
    from edge.store.parts import AGAIN, again

    try:
        changed = _changed(release)
    except errors.EdgeError as error:
        if error.remedy == AGAIN:
            error.remedy = again(release.id, release.name)
        return error
    if not changed:
        return None
    return errors.StoreDamaged(f"{release.name}: {changed}", again(release.id, release.name))


def _changed(release: Release) -> str:
    """Which file of a release does not match its signature; empty for none."""
    from edge.package import HEAD_BYTES
    from edge.store.release import ID_DIGITS

    description, folder, short = release.signed, store.release_path(release.id), release.id[:16]
    wanted = _digests(description)
    for kept in (store.CODE, store.MANIFEST):
        if digest(f"{folder}/{kept}") not in wanted[kept]:
            return f"{kept} of release {short} does not match its signed digest"
    if not _compiled_fits(release, description["imports"]):
        return f"{store.COMPILED} of release {short} does not match its manifest"
    if _hash(release.head[HEAD_BYTES:]) != release.id[:ID_DIGITS]:
        return f"release {short} does not match the name of its folder"
    return ""


def _compiled_fits(release: Release, imports: list[str]) -> bool:
    """Whether the compiled manifest, which grants are derived from, matches the signed one."""
    from edge import errors, manifest
    from edge.manifest.parse import parse
    from edge.store.parts import part

    declared = parse(part(release.id, store.MANIFEST), strictness=manifest.FOREIGN, imports=imports)
    try:
        kept: object = native.read_json(release.compiled)
    except errors.ArgumentsError:
        return False
    return kept == declared.compiled()


def digest(path: str) -> str:
    """SHA-256 of a file, in hexadecimal digits, read piece by piece."""
    import hashlib

    from edge import errors
    from edge.store.parts import AGAIN

    hasher = hashlib.sha256()
    try:
        fd = posix.open(path, files.READ_OWN)
    except FileNotFoundError:
        raise errors.StoreDamaged(f"{path} is missing", AGAIN) from None
    except OSError as error:
        files.raise_own(path, error)
    try:
        mode = posix.fstat(fd).st_mode
        if mode & files.FORMAT_MASK != files.REGULAR:
            from edge.files.io_errors import refuse_kind

            refuse_kind(path, mode)
        while piece := posix.read(fd, PIECE):
            hasher.update(piece)
    except OSError as error:
        files.raise_for(path, error)
    finally:
        posix.close(fd)
    return hasher.hexdigest()


def _hash(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _digests(description: dict[str, Any]) -> dict[str, set[str]]:
    """The digests that each stored file may have: code for any engine, since the engine may change."""
    listed = description["files"]
    return {
        store.CODE: {file["sha256"] for file in listed if "engine" in file},
        store.MANIFEST: {file["sha256"] for file in listed if file["name"] == store.MANIFEST},
    }
