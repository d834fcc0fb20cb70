"""Whether a release may be installed whose number is not above the highest that was ever current."""

from __future__ import annotations

from edge import errors
from edge.store.release import ID_DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.store import Record


def check(before: Record, name: str, number: int, release_id: str, *, again: bool) -> None:
    """Raises `errors.Downgrade` if it may not; `before`: the record of the plugin.

    `again` allows the highest number with other contents.
    """
    if before.previous[:ID_DIGITS] == release_id:
        raise errors.Downgrade(
            f"{name}: release {number} is kept as the previous release",
            f"`edge rollback {name}` goes back to it",
        )
    if number < before.floor:
        raise errors.Downgrade(
            f"{name}: this is release {number}, but release {before.floor} was installed before",
            _newer(before),
        )
    # A record of an older Edge does not name that release; then it is the current one, or any.
    newest = (before.newest or before.current)[:ID_DIGITS]
    if newest and newest != release_id and not again:
        raise errors.Downgrade(
            f"{name}: release {number} was installed before with different contents",
            "Raise the version, or [edge] release, in its manifest; during development, use --again",
        )


def _newer(before: Record) -> str:
    if not before.current:
        return f"Get a newer release, or delete this record: `edge remove {before.name} --forget`"
    back = f", or go back to the previous one: `edge rollback {before.name}`" if before.previous else ""
    return f"Get a newer release{back}"
