"""Whether a call would load what is installed, by the trust, the level and the grants that hold for it.

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
"""States of a plugin: the last four are not loaded, whether they are enabled or not.

Unknown is what trust or the policy, which can't be read, would have to say.
"""

DAMAGES = (
    errors.ArgumentsError,
    errors.BadPackage,
    errors.BadSignature,
    errors.Damaged,
    errors.NotPackage,
    errors.StoreDamaged,
)
"""What is wrong with a release itself; everything else is what somebody said of it."""


def problem(found: Record, view: View) -> EdgeError | None:
    """Why a call would not load the current release of a plugin, or may not for want of a grant."""
    release = view.release(found.current, found.name)
    if release.refusal is not None:
        return release.refusal
    try:
        agreed = view.policy.agreed(found.name, found.consents)
        granted = grants.resolve(release.manifest, agreed, profile=view.profile, name=found.name)
        granted.check_load(release.description["imports"])
    except errors.EdgeError as error:
        return error
    return None


def state(found: Record, view: View) -> tuple[str, str]:
    """The state of a plugin, and why where that does not say all."""
    error = problem(found, view)
    if error is None or (isinstance(error, errors.NotGranted) and not found.enabled):
        return (ENABLED if found.enabled else DISABLED), ""
    if isinstance(error, errors.Revoked):
        name = REVOKED
    elif isinstance(error, DAMAGES):
        name = DAMAGED
    else:
        name = REFUSED if isinstance(error, errors.Refused) else UNKNOWN
    return name, why(error, found.name)


def is_installed(name: str) -> bool:
    """Whether there is a plugin of that name, also one whose record is damaged."""
    try:
        found = store.find(name)
    except errors.StoreDamaged:
        return True
    return found is not None and bool(found.current)


def loading() -> list[str]:
    """The names of all enabled plugins that a call would load now."""
    view = View()
    return [found.name for found in view.installed() if found.enabled and problem(found, view) is None]


def why(error: EdgeError, name: str) -> str:
    """What an error says, without the plugin's name before it."""
    return error.message.removeprefix(f"{name}: ")
