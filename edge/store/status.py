"""Whether a call would load an installed plugin, by the trust, level and grants in force.

Only heads and manifests are read for this; edge/store/verify.py reads every byte.
"""

from __future__ import annotations

from edge import errors, store
from edge.policy import grants
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.errors import EdgeError
    from edge.store import Record

ENABLED = "enabled"
DISABLED = "disabled"
REVOKED = "revoked"
REFUSED = "refused"
DAMAGED = "damaged"
UNKNOWN = "unknown"
"""States of a plugin: in the last four it is not loaded, whether it is enabled or not.

The state is unknown if trust or the policy cannot be read.
"""

DAMAGES = (
    errors.ArgumentsError,
    errors.BadPackage,
    errors.BadSignature,
    errors.Damaged,
    errors.NotPackage,
    errors.StoreDamaged,
)
"""Faults of a release itself; all others are decisions about it."""


def problem(record: Record, view: View) -> EdgeError | None:
    """Why a call would not load the current release of a plugin; None if it would."""
    release = view.release(record.current, record.name)
    if release.refusal is not None:
        return release.refusal
    try:
        agreed = view.policy.agreed(record.name, record.consents)
        granted = grants.resolve(release.manifest, agreed, profile=view.profile, name=record.name)
        granted.check_load(release.description["imports"])
    except errors.EdgeError as error:
        return error
    return None


def state(record: Record, view: View) -> tuple[str, str]:
    """The state of a plugin, and the reason if there is more to say."""
    error = problem(record, view)
    if error is None or (isinstance(error, errors.NotGranted) and not record.enabled):
        return (ENABLED if record.enabled else DISABLED), ""
    if isinstance(error, errors.Revoked):
        name = REVOKED
    elif isinstance(error, DAMAGES):
        name = DAMAGED
    else:
        name = REFUSED if isinstance(error, errors.Refused) else UNKNOWN
    return name, why(error, record.name)


def is_installed(name: str) -> bool:
    """Whether a plugin of that name is installed, also with a damaged record."""
    try:
        record = store.find(name)
    except errors.StoreDamaged:
        return True
    return record is not None and bool(record.current)


def loading() -> list[str]:
    """The names of all enabled plugins that a call would load now."""
    view = View()
    return [record.name for record in view.installed() if record.enabled and problem(record, view) is None]


def why(error: EdgeError, name: str) -> str:
    """The message of an error, without the plugin's name before it."""
    return error.message.removeprefix(f"{name}: ")
