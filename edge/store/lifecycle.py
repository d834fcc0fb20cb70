"""Changes of installed plugins: enable, disable, roll back, remove, reload."""

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
    """Enables a plugin, after consent to its permission requests and after its self-check.

    Raises `errors.NeedsConsent` without consent, `errors.NotGranted` or `errors.CheckFailed` if the plugin
    would not work; it then stays unchanged.
    """
    return carry_out(Enabling(name), consent)


class EnablePlan(Plan):
    """A plan to enable a plugin; `review` is None if it is enabled already."""

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
        """Checks what needs consent."""
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
    """Blocks new calls of a plugin; running calls finish."""
    with locked(), reserve.spent():
        record = records.get(name)
        if not record.enabled:
            records.make_durable(name)
            return record
        now = record.replace(enabled=False)
        _tell("disable", record, now)
        records.write(now)
        return now


def rollback(name: str) -> Record:
    """Switches to the previous release, which must verify; the current one becomes the previous one.

    It asks for no consent and adds none: present consents apply, and the plugin is disabled if the previous
    release never had consent.
    """
    with locked():
        record = records.get(name)
        if not record.previous:
            raise errors.StateError(
                f"{name} has no previous release", f"`edge install SOURCE` installs another release of {name}"
            )
        fault = fault_of(record.previous, name)
        if fault is not None:
            _refuse(fault, record.previous, name, f"{name} cannot go back", "Install the release again")
        origin, remote = record.previous_source
        now = record.replace(
            current=record.previous,
            previous=record.current,
            enabled=record.enabled and record.is_approved(record.previous),
            origin=origin,
            remote=remote,
            previous_source=(record.origin, record.remote),
            interpret=_interpreted(record.previous),
        )
        # Edge may have been updated since: the library must still accept it.
        selfcheck.load(Kept(now.current, manifest_of(now.current), interpret=now.interpret), None)
        _tell("rollback", record, now)
        records.write(now)
        planning.derive(records.get(name), here())
        return now


def remove(name: str, *, forget: bool = False) -> bool:
    """Removes a plugin with its configuration, secrets and grants; returns whether it was installed.

    The number of its newest release is kept, so that no older one can be installed. `forget` deletes that
    too, and works for a plugin whose record is damaged or missing.
    """
    with locked(), reserve.spent():
        record = None
        try:
            record = store.find(name)
        except errors.StoreDamaged:
            if not forget:
                raise
        else:
            was_lost = record is None and forget and lost.remaining_path(name)
            if not was_lost and (
                record is None or not (record.current or forget or removal.is_unfinished(record))
            ):
                _refuse_gone(name, record)
        audit.append(
            {"event": "remove", "plugin": name, "id": record.current if record else "", "forget": forget}
        )
        if record is not None and (record.current or record.previous):
            removal.finish(removal.begin(record, forget=forget))
        else:
            # The record last: an unreadable one cannot be marked as being removed.
            removal.delete(name)
            records.delete(name)
        collect()
        return record is None or bool(record.current or record.previous)


def _refuse_gone(name: str, record: Record | None) -> NoReturn:
    if record is None:
        # Raises that it is not installed, or that its record was lost.
        record = records.get(name)
    raise errors.NotInstalled(
        f"No plugin `{name}` is installed; release {record.floor} was removed",
        f"`edge remove {name} --forget` deletes this record, so that older releases can be installed again",
    )


def take_back(name: str, ask: Request | None = None) -> int:
    """Revokes consents that were given when a plugin was installed or enabled: all, or those `ask` covers.

    Returns their number. Grants of the policy are separate (edge.policy.revoke).
    """
    record = store.find(name)
    if record is None:
        return 0
    with locked(), reserve.spent():
        # Read again: another process may have removed it, and writing the old record would restore it.
        record = store.find(name)
        if record is None:
            return 0
        kept = [own for own in record.consents if ask is not None and not requests.covers(ask, own)]
        count = len(record.consents) - len(kept)
        if count:
            which = list(ask or ())
            audit.append({"event": "revoke", "plugin": name, "ask": which, "removed": count})
            records.write(record.replace(consents=kept))
        else:
            records.make_durable(name)
        return count


def reload(name: str) -> Record:
    """Checks the code of a plugin again, and derives its grants from the policy again."""
    with locked():
        installed = Installed(name)
        fault = fault_of(installed.release_id, name)
        if fault is not None:
            _refuse(fault, installed.release_id, name, name)
        staged.remove(store.call_plan_path(name))
        now = planning.derive(installed.record, here())
        if now.missing and installed.enabled:
            raise errors.NotGranted(f"{name}: {now.missing}")
        return installed.record


def _refuse(fault: errors.EdgeError, release_id: str, name: str, what: str, mended: str = "") -> NoReturn:
    """Raises a fault: damage as `errors.StoreDamaged`, missing trust as it is."""
    message = f"{what}: {status.why(fault, name)}"
    if isinstance(fault, status.DAMAGES):
        own = fault.remedy if isinstance(fault, errors.StoreDamaged) else again(release_id, name)
        raise errors.StoreDamaged(message, mended or own)
    raise type(fault)(message, fault.remedy)


def _check(record: Record, granted: grants.Grants) -> None:
    selfcheck.check(Kept(record.current, manifest_of(record.current), interpret=record.interpret), granted)


def _interpreted(release_id: str) -> bool:
    """Whether the code of a release is for the interpreter although this CPU has a native engine."""
    code = digest(f"{store.release_path(release_id)}/{store.CODE}")
    engine = next(file["engine"] for file in description_of(release_id)["files"] if file["sha256"] == code)
    about = native.about()
    return bool(engine == about["interpreted"] != about["engine"])


def _tell(event: str, before: Record, now: Record) -> None:
    try:
        description: dict[str, Any] = description_of(now.current)
    except errors.EdgeError:
        # A damaged release can be disabled, too.
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
