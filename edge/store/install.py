"""Installation of a package: a new plugin, or another release of an installed one."""

from __future__ import annotations

from contextlib import contextmanager, suppress

from edge import audit, errors, store, trust
from edge.files import reserve
from edge.limits import here
from edge.package import open_package
from edge.permissions import levels
from edge.policy import file as policy_file
from edge.store import awaited, planning, records, removal, selfcheck
from edge.store.consent import Plan, review
from edge.store.parts import manifest_of
from edge.store.recovery import collect
from edge.store.release import ID_DIGITS, Staged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge.package import Package
    from edge.permissions.catalogue import Request
    from edge.policy.grants import Grants
    from edge.store import Record
    from edge.store.call_plan import CallPlan
    from edge.store.consent import Review


CONSENTS = "`edge install SOURCE --yes` consents"


class Outcome:
    """The result of an installation.

    record   of the plugin now
    change   what was done: installed, upgraded, enabled (it was installed already) or nothing
    version  of the release
    number   of the release
    needs    commands that set what its check needs before it can be enabled
    adopted  whether its packager is not its author
    warnings  problems of its manifest that do not prevent use
    asked    whether consent was needed: then its warnings were shown
    call_plan  of its calls, None where it was not derived
    misfit   why no call of it fits on this machine, and the remedy; None if calls fit
    """

    __slots__ = (
        "adopted",
        "asked",
        "call_plan",
        "change",
        "misfit",
        "needs",
        "number",
        "record",
        "version",
        "warnings",
    )

    def __init__(
        self,
        plan: InstallPlan,
        now: Record,
        change: str,
        needs: Iterable[str] = (),
        call_plan: CallPlan | None = None,
    ) -> None:
        description = plan.package.description
        self.needs = tuple(needs)
        self.adopted = bool(description.get("adopted"))
        self.warnings = plan.staged.manifest.warnings
        self.asked = plan.request is not None
        self.misfit: tuple[str, str] | None = None
        self.record = now
        self.call_plan = call_plan
        self.change = change
        self.version: str = description["version"]
        self.number: int = description["release"]


class InstallPlan(Plan):
    """A planned installation; `review` is None if exactly this release is installed already."""

    __slots__ = ("_origin", "before", "package", "review", "staged")

    def __init__(
        self, package: Package, staged: Staged, before: Record | None, needs: Review | None, origin: str
    ) -> None:
        # Several keys may have signed the description that names a release.
        release = f"{staged.release_id} {package.description['signer']}"
        stamp = "" if needs is None else needs.stamp("install", release, before)
        super().__init__(None if needs is None else needs.request, stamp)
        self.package = package
        self.staged = staged
        self.before = before
        self.review = needs
        self._origin = origin

    def check(self) -> None:
        """Checks every byte of the package against its signed digest."""
        with refusals_told(self._origin):
            self.package.check_all()


class Installation:
    """The installation of the package behind a descriptor, as edge/store/consent.py takes it.

    It is atomic; the descriptor stays the caller's. Without the consent that it needs, a new plugin is
    installed but not enabled, and a release that requests more than the one before is refused
    (`errors.NeedsConsent`). Refusals are written to the audit log.

    name, version  the requested plugin, empty for any; others are refused (`errors.OutOfScope`)
    again          allows an installed release number with other contents, for development
    how            the remedy if consent is missing
    """

    __slots__ = ("_again", "_fd", "_file", "_how", "_name", "_origin", "_remote", "_version")

    def __init__(
        self,
        fd: int,
        file: str,
        *,
        origin: str,
        remote: bool = False,
        again: bool = False,
        name: str = "",
        version: str = "",
        how: str = CONSENTS,
    ) -> None:
        self._fd = fd
        self._how = how
        self._file = file
        self._origin = origin
        self._remote = remote
        self._again = again
        self._name = name
        self._version = version

    def plan(self) -> InstallPlan:
        """Checks the package, and what needs consent."""
        with refusals_told(self._origin):
            return self._plan()

    def make(self, plan: InstallPlan, *, agreed: bool) -> Outcome:
        """Unpacks the package, tries it and makes it the current release."""
        with refusals_told(self._origin), plan.staged:
            if plan.review is None:
                return _known(plan)
            return self._make(plan, plan.review, agreed=agreed or plan.request is None)

    def _plan(self) -> InstallPlan:
        package = open_package(self._fd, self._file, trust.text())
        name, number = package.description["name"], package.description["release"]
        refuse_other(self._name, self._version, self._origin, name, package.description["version"])
        before = store.find(name)
        if before is not None and removal.is_unfinished(before):
            # Recovery failed to finish it; this raises the cause.
            removal.finish(before)
            before = store.find(name)
        policy = policy_file.load()
        _check_keys(package, policy.level_of(name))
        staged = Staged(package)
        if before is not None and _is_there(before, staged.release_id, package.description["signer"]):
            return InstallPlan(package, staged, before, None, self._origin)
        _check_floor(before, name, number, staged.release_id, again=self._again)
        needs = review(
            staged.manifest,
            package.description["imports"],
            signer=package.description["signer"],
            remote=self._remote,
            before=before,
            adopted=bool(package.description.get("adopted")),
            policy=policy,
        )
        _check_keys(package, needs.level)
        return InstallPlan(package, staged, before, needs, self._origin)

    def _make(self, plan: InstallPlan, needs: Review, *, agreed: bool) -> Outcome:
        package, staged, before = plan.package, plan.staged, plan.before
        if needs.reasons and not agreed:
            raise errors.NeedsConsent(
                f"{staged.manifest.name} {staged.manifest.version} needs consent before it replaces the "
                f"installed release: {'; '.join(needs.reasons)}",
                self._how,
            )
        reserve.keep()
        staged.unpack()
        enabled = _is_enabled(plan, agreed=agreed)
        wanted: tuple[str, ...] = ()
        if enabled:
            wanted = _check(staged, needs.granted(agreed=agreed), before)
            enabled = not wanted
        else:
            selfcheck.load(staged, None)
        now = _switched(
            before,
            staged,
            staged.keep(),
            package.description["release"],
            origin=self._origin,
            remote=self._remote,
            enabled=enabled,
            approved=agreed,
            consents=needs.consents(before, agreed=agreed),
        )
        upgraded = before is not None and bool(before.current)
        _tell(package, before, now, upgraded=upgraded)
        records.write(now)
        awaited.delete(now.name)
        call_plan = planning.derive(
            records.get(now.name),
            here(),
            receipt=staged.receipt.decode(),
            manifest=staged.manifest,
            imports=package.description["imports"],
        )
        collect()
        return Outcome(plan, now, "upgraded" if upgraded else "installed", wanted, call_plan)


def refuse_other(name: str, version: str, origin: str, found: str, found_version: str) -> None:
    """Raises `errors.OutOfScope` for another plugin than the requested one: it could replace any plugin.

    `name`, `version`: the requested ones, empty for any.
    """
    if name in ("", found) and version in ("", found_version):
        return
    raise errors.OutOfScope(
        f"{f'{name} {version}'.strip()} was requested, but {origin} contains {found} {found_version}; "
        "nothing was changed",
        f"The registry's entry for {name} is wrong: report it to its maintainer, or install from another "
        "source",
    )


def _check(staged: Staged, granted: Grants, before: Record | None) -> tuple[str, ...]:
    """Runs the self-check of a release; returns the commands that set what a new plugin lacks.

    A new plugin replaces nothing, so it is installed and waits. An upgrade is refused, and what it lacks can
    be set from now on.
    """
    try:
        selfcheck.check(staged, granted)
    except errors.NotConfigured as error:
        if before is None or not before.current:
            return error.needs
        awaited.keep(staged.manifest)
        raise
    return ()


def _known(plan: InstallPlan) -> Outcome:
    """Checks a release that is installed already, and keeps it."""
    assert plan.before is not None
    plan.package.check_all()
    records.make_durable(plan.before.name)
    return Outcome(plan, plan.before, "nothing")


@contextmanager
def refusals_told(origin: str) -> Iterator[None]:
    """Writes refusals to the audit log."""
    try:
        yield
    except (errors.Refused, errors.CheckFailed) as error:
        event = {"event": "refused", "act": "install", "origin": origin}
        # Without a working log it stays refused, and the reason is shown first.
        with suppress(errors.EnvironmentFault):
            audit.append({**event, "kind": type(error).__name__, "why": error.message})
        raise


def _is_there(before: Record, release_id: str, signer: str) -> bool:
    """Whether a release is the current one, undamaged, trusted and signed by the same key."""
    from edge.store.verify import is_whole

    return before.current[:ID_DIGITS] == release_id and is_whole(before, signer)


def _is_enabled(plan: InstallPlan, *, agreed: bool) -> bool:
    """Whether the release is enabled: a disabled plugin stays disabled, unless only consent was missing."""
    before = plan.before
    if before is None or not before.current:
        return agreed
    if before.is_approved(before.current):
        return before.enabled
    return agreed and plan.request is not None


def _check_keys(package: Package, level: str) -> None:
    """At a level that accepts only keys of the operator, the signer must be one of them."""
    if levels.operator_only(level):
        package.check_trust(trust.text(operator_only=True))


def _check_floor(before: Record | None, name: str, number: int, release_id: str, *, again: bool) -> None:
    if before is None or number > before.floor or before.current[:ID_DIGITS] == release_id:
        return
    from edge.store.downgrade import check

    check(before, name, number, release_id, again=again)


def _switched(
    before: Record | None,
    staged: Staged,
    release_id: str,
    number: int,
    *,
    origin: str,
    remote: bool,
    enabled: bool,
    approved: bool,
    consents: Iterable[Request],
) -> Record:
    kept = _kept(before, release_id)
    was_approved = [kept] if before is not None and kept and before.is_approved(kept) else []
    # A release below the floor is the current one, which is being repaired.
    floor, newest, version = number, release_id[:ID_DIGITS], staged.manifest.version
    if before is not None and number < before.floor:
        floor, newest, version = before.floor, before.newest, before.newest_version
    return store.Record(
        staged.manifest.name,
        current=release_id,
        previous=kept,
        enabled=enabled,
        floor=floor,
        newest=newest,
        newest_version=version,
        origin=origin,
        remote=remote,
        previous_source=_came_from(before, kept),
        interpret=staged.interpret,
        consents=dict.fromkeys((*consents, *_consents_of(before, kept))),
        approved=[*([release_id] if approved else []), *was_approved],
    )


def _consents_of(before: Record | None, kept: str) -> list[Request]:
    """The consents to the release that is kept, for a rollback."""
    if before is None or not kept:
        return []
    try:
        asked = manifest_of(kept).requests
    except errors.EdgeError:
        return []
    consents = set(before.consents)
    return [ask for ask in asked if ask in consents]


def _came_from(before: Record | None, kept: str) -> tuple[object, ...]:
    """The origin of the release that is kept, and whether that was another machine."""
    if before is None or not kept:
        return "", False
    return before.previous_source if kept == before.previous else (before.origin, before.remote)


def _kept(before: Record | None, release_id: str) -> str:
    """The release to go back to: the current one, unless it is damaged or the same.

    A release with an untrusted signer is kept, because a level or a key may change that.
    """
    if before is None or not before.current:
        return ""
    if before.current[:ID_DIGITS] == release_id[:ID_DIGITS]:
        return before.previous
    from edge.store.verify import fault_of

    fault = fault_of(before.current, before.name)
    return before.current if fault is None or isinstance(fault, errors.Untrusted) else before.previous


def _tell(package: Package, before: Record | None, now: Record, *, upgraded: bool) -> None:
    """Writes the audit entry before the record: no change is applied without an entry."""
    audit.append(
        {
            "event": "upgrade" if upgraded else "install",
            "plugin": now.name,
            "version": package.description["version"],
            "release": package.description["release"],
            "id": now.current,
            "before": before.current if before is not None else "",
            "signer": package.description["signer"],
            "origin": now.origin,
            "enabled": now.enabled,
        }
    )
