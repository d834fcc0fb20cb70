"""Whether a call of an installed plugin can ever be admitted on this machine.

Installation and `edge doctor` check this, so that it is known before the first call.
"""

from __future__ import annotations

from edge.limits import admission, here
from edge.store import planning, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.store.call_plan import CallPlan

MB = 1 << 20


def misfit(name: str, own: CallPlan | None = None) -> tuple[str, str] | None:
    """Why no call of a plugin is ever admitted here, and the remedy; None if calls fit.

    `own`: its call plan if it was just derived; otherwise this raises the faults of its release or of the
    policy.
    """
    device = here()
    if own is None:
        # Read from its file: the call plan is stored for exactly this file.
        own = planning.of(records.get(name), device)
    limits = device.limits.within(own.grants["limits"])
    need = admission.need(limits, device)
    if need <= device.memory:
        return None
    record = records.get(name)
    why = (
        f"no call of {record.name} fits on this device: it may use {need / MB:.1f} MB, and the {device.name} "
        f"profile allows {device.memory // MB} MB for all plugins"
    )
    agreed = next((ask for ask in record.consents if ask[:2] == ("limits", "memory")), None)
    if agreed is None or limits.memory <= device.limits.memory:
        return why, "Install a release that declares less memory"
    return (
        why,
        f"`edge policy revoke {record.name} limits memory {agreed[2]}` limits it to the memory that needs "
        "no consent on this device",
    )
