"""Release numbers of plugins that are compiled here, if the manifest has none.

RATIONALE, "Why the machine numbers what it compiles".
"""

from __future__ import annotations

from edge import errors
from edge.manifest.release_number import derive, order
from edge.store.parts import description_of
from edge.store.release import ID_DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from edge.manifest import Manifest
    from edge.store import Record

NAME_ONE = "Add a number that rises with every release to its manifest: release = {} under [edge]"


def number_of(manifest: Manifest, record: Record | None) -> int:
    """The release number for a plugin; `record`: None if it was never installed.

    Raises `errors.Downgrade` for an older version than the installed one, and `errors.BadManifest` if the
    order of two versions is unknown.
    """
    own, version = manifest.release, manifest.version
    if own and own != derive(version):
        return own
    if record is None or not record.floor:
        if not own and order(version) is None:
            _refuse(manifest, f"it is not known which version follows {version}", 1)
        return own or 1
    installed = _number_of(record.current, version) or _number_of(record.previous, version)
    newest = _newest_version(record)
    if installed or newest == version:
        return installed or record.floor
    return own if own > record.floor else _compared(manifest, newest, record)


def _compared(manifest: Manifest, newest: str, record: Record) -> int:
    """The number for a version without one above the floor; `newest`: the version with the floor's number."""
    floor = record.floor
    before, now = order(newest), order(manifest.version)
    if before is None or now is None:
        if manifest.release:
            return manifest.release
        which = newest or f"release {floor}"
        _refuse(
            manifest, f"it is not known whether version {manifest.version} is newer than {which}", floor + 1
        )
    if now < before:
        raise errors.Downgrade(
            f"{manifest.name}: version {manifest.version} is older than {newest}, which was installed before",
            "Get a newer release"
            if record.current
            else f"Get a newer release, or delete this record: `edge remove {manifest.name} --forget`",
        )
    return floor + 1 if now > before else floor


def _newest_version(record: Record) -> str:
    """The version of the newest release that was ever installed; empty if unknown."""
    if record.newest_version:
        return record.newest_version
    newest = (record.newest or record.current)[:ID_DIGITS]
    for release in (record.current, record.previous):
        if release and release[:ID_DIGITS] == newest:
            version, _ = _version_and_number(release)
            return version
    return ""


def _number_of(release: str, version: str) -> int:
    """The number of an installed release if it has this version; otherwise 0."""
    if not release:
        return 0
    installed, number = _version_and_number(release)
    return number if installed == version else 0


def _version_and_number(release: str) -> tuple[str, int]:
    """Version and number of an installed release; empty and 0 if it is damaged."""
    try:
        description = description_of(release)
    except errors.EdgeError:
        return "", 0
    return description["version"], description["release"]


def _refuse(manifest: Manifest, why: str, number: int) -> NoReturn:
    raise errors.BadManifest(f"{manifest.name}: {why}", NAME_ONE.format(number))
