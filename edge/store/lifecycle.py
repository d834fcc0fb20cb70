"""Changes of what is installed: enable, disable, roll back, remove, reload."""

from __future__ import annotations

from edge import _native as native
from edge import audit, errors, store
from edge.files import reserve, staged
from edge.limits import here
from edge.permissions import requests
from edge.policy import grants
from edge.store import lost, planning, records, removal, selfcheck, status
from edge.store.consent import Plan, carry_out, review_enabling
from edge.store.installed import Installed
from edge.store.lock import locked
from edge.store.parts import again, description_of, manifest_of
from edge.store.recovery import collect
from edge.store.release import Kept
from edge.store.verify import digest, fault_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from edge.permissions.catalogue import Request
    from edge.store import Record
    from edge.store.consent import Consent, Review


def enable(name: str, *, consent: Consent | None = None) -> Record:
    """Lets a plugin be called, once its operator agreed to what it asks for and it passed its self-check.

    Raises `errors.NeedsConsent` when nobody agreed, `errors.NotGranted` or `errors.CheckFailed` when it
    would not work; it then stays as it was.
    """
    return carry_out(Enabling(name), consent)


class EnablePlan(Plan):
    """What enabling a plugin needs; `review` is None where it is enabled already."""

    __slots__ = ("found", "review")

    def __init__(self, found: Installed, review: Review | None) -> None:
        stamp = "" if review is None else review.stamp("enable", found.release_id, found.record)
        super().__init__(None if review is None else review.request, stamp)
        self.found = found
        self.review = review


class Enabling:
    """Enabling a plugin, for edge/store/consent.py."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def plan(self) -> EnablePlan:
        """Who has to agree to what."""
        found = Installed(self._name)
        if found.enabled:
            return EnablePlan(found, None)
        return EnablePlan(found, review_enabling(found.record, found.manifest, found.description))

    def make(self, plan: EnablePlan, *, agreed: bool) -> Record:
        """Checks the plugin and enables it."""
        name, before, review = self._name, plan.found.record, plan.review
        if review is None:
            records.make_durable(name)
            return before
        if review.request is not None and not agreed:
            asked = "; ".join(review.request.widenings())
            raise errors.NeedsConsent(
                f"{name} is not enabled: its permission requests need consent{asked and f' ({asked})'}",
                f"`edge audit {name}` shows them; `edge enable {name} --yes` consents",
            )
        _check(before, review.granted(agreed=agreed))
        now = before.replace(
            enabled=True,
            consents=dict.fromkeys((*before.consents, *review.consents(before, agreed=agreed))),
            approved=dict.fromkeys((*before.approved, before.current)),
        )
        _tell("enable", before, now)
        records.write(now)
        planning.derive(records.get(name), here())
        return now


def disable(name: str) -> Record:
    """Lets a plugin not be called any more; calls under way come to their end."""
    with locked(), reserve.spent():
        found = records.get(name)
        if not found.enabled:
            records.make_durable(name)
            return found
        now = found.replace(enabled=False)
        _tell("disable", found, now)
        records.write(now)
        return now


def rollback(name: str) -> Record:
    """Goes to the release that was kept, which must verify; the one that was current is kept then.

    Asks nobody, so it adds no consent: the plugin has what is agreed to now, and is disabled where nobody
    ever agreed to the release that comes back.
    """
    with locked():
        found = records.get(name)
        if not found.previous:
            raise errors.StateError(
                f"{name} has no previous release", f"`edge install SOURCE` installs another release of {name}"
            )
        fault = fault_of(found.previous, name)
        if fault is not None:
            _refuse(fault, found.previous, name, f"{name} cannot go back", "Install the release again")
        origin, remote = found.previous_source
        now = found.replace(
            current=found.previous,
            previous=found.current,
            enabled=found.enabled and found.is_approved(found.previous),
            origin=origin,
            remote=remote,
            previous_source=(found.origin, found.remote),
            interpret=_interpreted(found.previous),
        )
        # Whether this library still takes it: Edge may have been updated since.
        selfcheck.load(Kept(now.current, manifest_of(now.current), interpret=now.interpret), None)
        _tell("rollback", found, now)
        records.write(now)
        planning.derive(records.get(name), here())
        return now


def remove(name: str, *, forget: bool = False) -> bool:
    """Removes a plugin with its configuration, secrets and grants; whether it was installed till now.

    The number of its newest release stays, so that no older one takes its place; `forget` drops that too, and
    works for a plugin whose record is damaged or gone.
    """
    with locked(), reserve.spent():
        found = None
        try:
            found = store.find(name)
        except errors.StoreDamaged:
            if not forget:
                raise
        else:
            was_lost = found is None and forget and lost.remaining_path(name)
            if not was_lost and (
                found is None or not (found.current or forget or removal.is_unfinished(found))
            ):
                _refuse_gone(name, found)
        audit.append(
            {"event": "remove", "plugin": name, "id": found.current if found else "", "forget": forget}
        )
        if found is not None and (found.current or found.previous):
            removal.finish(removal.begin(found, forget=forget))
        else:
            # Last: what can't be read can't say either that it is being removed.
            removal.delete(name)
            records.delete(name)
        collect()
        return found is None or bool(found.current or found.previous)


def _refuse_gone(name: str, found: Record | None) -> NoReturn:
    if found is None:
        # Says so, or that its record was lost.
        found = records.get(name)
    raise errors.NotInstalled(
        f"No plugin `{name}` is installed; release {found.floor} was removed",
        f"`edge remove {name} --forget` deletes this record, so that older releases can be installed again",
    )


def take_back(name: str, ask: Request | None = None) -> int:
    """Takes back what was agreed to when a plugin was installed or enabled: all, or what `ask` takes in.

    Answers how many. What the operator granted beside that is the policy's (edge.policy.revoke).
    """
    found = store.find(name)
    if found is None:
        return 0
    with locked(), reserve.spent():
        # Not what was read before: another may have removed it, and it would come back.
        found = store.find(name)
        if found is None:
            return 0
        kept = [own for own in found.consents if ask is not None and not requests.covers(ask, own)]
        count = len(found.consents) - len(kept)
        if count:
            which = list(ask or ())
            audit.append({"event": "revoke", "plugin": name, "ask": which, "removed": count})
            records.write(found.replace(consents=kept))
        else:
            records.make_durable(name)
        return count


def reload(name: str) -> Record:
    """Checks the code of a plugin again, and lets its grants follow the policy anew."""
    with locked():
        found = Installed(name)
        fault = fault_of(found.release_id, name)
        if fault is not None:
            _refuse(fault, found.release_id, name, name)
        staged.remove(store.call_plan_path(name))
        now = planning.derive(found.record, here())
        if now.missing and found.enabled:
            raise errors.NotGranted(f"{name}: {now.missing}")
        return found.record


def _refuse(fault: errors.EdgeError, release_id: str, name: str, what: str, mended: str = "") -> NoReturn:
    """Raises damage as such; what is only not trusted is mended otherwise, as that error says."""
    message = f"{what}: {status.why(fault, name)}"
    if isinstance(fault, status.DAMAGES):
        own = fault.remedy if isinstance(fault, errors.StoreDamaged) else again(release_id, name)
        raise errors.StoreDamaged(message, mended or own)
    raise type(fault)(message, fault.remedy)


def _check(found: Record, granted: grants.Grants) -> None:
    selfcheck.check(Kept(found.current, manifest_of(found.current), interpret=found.interpret), granted)


def _interpreted(release_id: str) -> bool:
    """Whether the code of a release is for the interpreter, though this CPU has an engine of its own."""
    code = digest(f"{store.release_path(release_id)}/{store.CODE}")
    engine = next(file["engine"] for file in description_of(release_id)["files"] if file["sha256"] == code)
    about = native.about()
    return bool(engine == about["interpreted"] != about["engine"])


def _tell(event: str, before: Record, now: Record) -> None:
    try:
        description: dict[str, Any] = description_of(now.current)
    except errors.EdgeError:
        # What is damaged has to be disabled all the same.
        description = {"version": "", "release": 0}
    audit.append(
        {
            "event": event,
            "plugin": now.name,
            "version": description["version"],
            "release": description["release"],
            "id": now.current,
            "before": before.current,
            "enabled": now.enabled,
        }
    )
