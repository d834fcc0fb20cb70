"""Which release number a plugin gets that is compiled here, where its manifest alone does not say.

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

NAME_ONE = "Name a number that rises with every release in its manifest: release = {} under [edge]"


def number_of(manifest: Manifest, found: Record | None) -> int:
    """The release number for a plugin; `found`: its record, None for one that was never installed.

    Raises `errors.Downgrade` for an older version than was installed, and `errors.BadManifest` where nobody
    can say which of two versions is newer.
    """
    own, version = manifest.release, manifest.version
    if own and own != derive(version):
        return own
    if found is None or not found.floor:
        if not own and order(version) is None:
            _refuse(manifest, f"it is not known what comes after version {version}", 1)
        return own or 1
    installed = _number_of(found.current, version) or _number_of(found.previous, version)
    newest = _newest_version(found)
    if installed or newest == version:
        return installed or found.floor
    return own if own > found.floor else _compared(manifest, newest, found)


def _compared(manifest: Manifest, newest: str, found: Record) -> int:
    """The number for a version that has none above the floor; `newest`: the version that has the floor's."""
    floor = found.floor
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
            if found.current
            else f"Get a newer release, or delete this record: `edge remove {manifest.name} --forget`",
        )
    return floor + 1 if now > before else floor


def _newest_version(found: Record) -> str:
    """The version of the newest release that was ever installed, empty where nobody knows."""
    if found.newest_version:
        return found.newest_version
    newest = (found.newest or found.current)[:ID_DIGITS]
    for release in (found.current, found.previous):
        if release and release[:ID_DIGITS] == newest:
            version, _ = _said(release)
            return version
    return ""


def _number_of(release: str, version: str) -> int:
    """The number of an installed release, if it has that version; otherwise 0."""
    if not release:
        return 0
    said, number = _said(release)
    return number if said == version else 0


def _said(release: str) -> tuple[str, int]:
    """The version and the number of an installed release, nothing of one that is damaged."""
    try:
        description = description_of(release)
    except errors.EdgeError:
        return "", 0
    return description["version"], description["release"]


def _refuse(manifest: Manifest, why: str, number: int) -> NoReturn:
    raise errors.BadManifest(f"{manifest.name}: {why}", NAME_ONE.format(number))
