"""Whether a call would load what is installed, by the trust, the level and the grants that hold for it.

Only heads and manifests are read for this; edge/store/verify.py reads every byte.
"""

from __future__ import annotations

from edge import _native as native
from edge import errors, grants, levels, policy, store, trust
from edge.profiles import here
from edge.store import record
from edge.store.installed import description_of, manifest_of, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.errors import EdgeError
    from edge.policy import Policy
    from edge.store.record import Record

ENABLED = "enabled"
DISABLED = "disabled"
REVOKED = "revoked"
REFUSED = "refused"
DAMAGED = "damaged"
"""States of a plugin: the last three are not loaded, whether they are enabled or not."""

DAMAGES = (
    errors.ArgumentsError,
    errors.BadPackage,
    errors.BadSignature,
    errors.Damaged,
    errors.NotPackage,
    errors.StoreDamaged,
)
"""What is wrong with a release itself; everything else is what somebody said of it."""


def level_of(name: str, release_id: str, said: Policy | None = None) -> str:
    """The security level that holds for a release: the policy's, or its manifest's if that is stricter."""
    level = (policy.load() if said is None else said).level_of(name)
    own = manifest_of(release_id).level
    return levels.stricter(level, own) if own else level


def trusted_for(name: str, release_id: str, said: Policy | None = None) -> bytes:
    """Trust as it is asked when a call loads this release."""
    operator_only = levels.operator_only(level_of(name, release_id, said))
    return trust.text(operator_only=operator_only) + f"\nplugin {name}\n".encode()


def refusal(name: str, release_id: str, said: Policy | None = None) -> EdgeError | None:
    """Why nobody who is trusted stands for this release of a plugin, None where somebody does."""
    try:
        native.describe_head(part(release_id, store.HEAD), name, trusted_for(name, release_id, said))
    except errors.OptionsError as error:
        return _fault_of_trust(error)
    except errors.EdgeError as error:
        return error
    return None


def problem(found: Record, said: Policy | None = None) -> EdgeError | None:
    """Why a call would not load the current release of a plugin, or may not for want of a grant."""
    refused = refusal(found.name, found.current, said)
    if refused is not None:
        return refused
    try:
        agreed = (policy.load() if said is None else said).agreed(found.name, found.consents)
        granted = grants.resolve(manifest_of(found.current), agreed, profile=here(), name=found.name)
        granted.check_load(description_of(found.current)["imports"])
    except errors.EdgeError as error:
        return error
    return None


def state(found: Record) -> tuple[str, str]:
    """The state of a plugin, and why where that does not say all."""
    error = problem(found)
    if error is None or (isinstance(error, errors.NotGranted) and not found.enabled):
        return (ENABLED if found.enabled else DISABLED), ""
    if isinstance(error, errors.Revoked):
        name = REVOKED
    else:
        name = DAMAGED if isinstance(error, DAMAGES) else REFUSED
    return name, why(error, found.name)


def is_installed(name: str) -> bool:
    """Whether there is a plugin of that name, also one whose record is damaged."""
    try:
        found = record.find(name)
    except errors.StoreDamaged:
        return True
    return found is not None and bool(found.current)


def loading() -> list[str]:
    """The names of all enabled plugins that a call would load."""
    found = []
    for name in record.named():
        try:
            known = record.find(name)
        except errors.StoreDamaged:
            continue
        if known is not None and known.enabled and known.current and problem(known) is None:
            found.append(name)
    return found


def why(error: EdgeError, name: str) -> str:
    """What an error says, without the plugin's name before it."""
    return error.message.removeprefix(f"{name}: ")


def _fault_of_trust(error: EdgeError) -> EdgeError:
    """Which file of trust means nothing."""
    try:
        trust.check_all()
    except errors.EdgeError as told:
        return told
    return error
