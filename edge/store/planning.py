"""Derives the call plan of an installed plugin, and stores it for the next call (edge/store/call_plan.py)."""

from __future__ import annotations

from edge import errors, store
from edge.files.staged import Staged
from edge.json_text import json_text
from edge.store import call_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.limits import Profile
    from edge.manifest import Manifest
    from edge.store import Record


def of(record: Record, profile: Profile) -> call_plan.CallPlan:
    """The call plan of an installed plugin; derived again if the stored one is out of date."""
    plan = call_plan.kept(record, profile)
    if plan is not None:
        return plan
    last = call_plan.last(record)
    worked_out = work_out(record, profile, receipt=last.receipt if last is not None else "")
    keep(worked_out)
    return worked_out


def derive(
    record: Record,
    profile: Profile,
    *,
    receipt: str = "",
    manifest: Manifest | None = None,
    imports: list[str] | None = None,
) -> call_plan.CallPlan:
    """Derives and stores a call plan; the store's lock is held.

    `manifest`, `imports`: of the release, if they are known; otherwise they are read.
    """
    worked_out = work_out(record, profile, receipt=receipt, manifest=manifest, imports=imports)
    _keep(worked_out)
    return worked_out


def work_out(
    record: Record,
    profile: Profile,
    *,
    receipt: str = "",
    manifest: Manifest | None = None,
    imports: list[str] | None = None,
) -> call_plan.CallPlan:
    """Derives a call plan from manifest and policy."""
    from edge.permissions import levels
    from edge.permissions.catalogue import interfaces
    from edge.policy import grants
    from edge.store import awaited, config
    from edge.store.parts import description_of, manifest_of
    from edge.store.records import policy_for

    stamp = call_plan.stamp_of(record, profile)
    if manifest is None:
        manifest = manifest_of(record.current)
    if imports is None:
        imports = description_of(record.current)["imports"]
    granted = grants.resolve(manifest, policy_for(record), profile=profile, name=record.name)
    missing = "; ".join(
        f"{', '.join(row.imported)} needs {row.capability}: {row.reason}" for row in granted.missing(imports)
    )
    compiled = granted.compiled()
    # Whole seconds as an integer: arithmetic on floats loads 64 kB of a Pi Zero's libm.
    limits = {
        limit: int(amount) if amount == int(amount) else amount for limit, amount in granted.limits.items()
    }
    compiled["limits"] = limits
    return call_plan.CallPlan(
        record.name,
        record.current,
        stamp,
        receipt=receipt,
        grants=compiled,
        interfaces=interfaces(imports),
        missing=missing,
        risks=manifest.risks,
        operator=levels.operator_only(granted.level),
        withheld=config.withheld(manifest) if awaited.may_withhold(record.name) else [],
    )


def keep(worked_out: call_plan.CallPlan) -> None:
    """Stores a call plan for the next call, unless the store is being changed.

    A call may end after its plugin was removed. A plan that it stored then would look like a lost plugin
    (edge/store/lost.py), so it stores only a plan for the release that the record names.
    """
    from edge.store.lock import held_now

    with held_now() as is_held:
        try:
            record = store.find(worked_out.name) if is_held else None
        except errors.StoreDamaged:
            # The next call reports it.
            return
        if record is not None and record.current == worked_out.release:
            _keep(worked_out)


def _keep(worked_out: call_plan.CallPlan) -> None:
    """If the store cannot be written, the next call derives the plan again."""
    document = {
        "format": call_plan.FORMAT,
        **{name: getattr(worked_out, name) for name in call_plan.CallPlan.__slots__},
    }
    try:
        with Staged(store.call_plan_path(worked_out.name), 0o600) as staged:
            staged.write(json_text(document).encode())
            staged.commit()
    except (errors.EnvironmentFault, errors.UsageError):
        return
