"""Installing a package: a new plugin, or another release of one that is there."""

from __future__ import annotations

from edge import asks, audit, errors, grants, levels, policy, trust
from edge.package import open_package
from edge.profiles import here
from edge.store import record, removal, selfcheck, terms
from edge.store.asking import with_answers
from edge.store.installed import manifest_of
from edge.store.recover import collect
from edge.store.release import ID_DIGITS, Staged
from edge.store.verify import fault_of, problem_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.asks import Ask
    from edge.difference import Change
    from edge.grants import Grants
    from edge.manifest import Manifest
    from edge.package import Package
    from edge.store.asking import Answer
    from edge.store.record import Record

    Consent = Callable[["Request"], bool]


class Request:
    """What an operator has to agree to.

    manifest  of the plugin
    grants    what it would be granted with the consent
    imports   of the component
    changes   against the release that is installed, empty for a new plugin
    signer    who signed it, where that is another one than before; empty otherwise
    remote    whether it came from another machine
    """

    __slots__ = ("changes", "grants", "imports", "manifest", "remote", "signer")

    def __init__(
        self,
        manifest: Manifest,
        granted: Grants,
        imports: list[str],
        changes: list[Change],
        signer: str,
        *,
        remote: bool,
    ) -> None:
        self.manifest = manifest
        self.grants = granted
        self.imports = imports
        self.changes = changes
        self.signer = signer
        self.remote = remote


class Outcome:
    """What became of an installation.

    record   of the plugin now
    before   its record before, None for a new plugin
    change   what was done: installed, upgraded or nothing
    version  of the release
    number   of the release
    """

    __slots__ = ("before", "change", "number", "record", "version")

    def __init__(self, now: Record, before: Record | None, change: str, version: str, number: int) -> None:
        self.record = now
        self.before = before
        self.change = change
        self.version = version
        self.number = number


def install(
    fd: int,
    file: str,
    *,
    origin: str,
    remote: bool = False,
    again: bool = False,
    consent: Consent | None = None,
) -> Outcome:
    """Installs the package behind a descriptor; afterwards all of it holds, or nothing.

    `consent` is asked where an operator has to agree; without it, nobody agrees: a new plugin is then
    installed and not enabled, and a release that wants more than the one before is refused
    (`errors.NeedsConsent`). The store is not locked meanwhile: what changed by then is asked anew.
    `again` lets a release number come back with other contents, for those who work on a plugin.
    Whatever is refused is told to the audit.
    """

    def work(answer: Answer) -> Outcome:
        try:
            package = open_package(fd, file, trust.text())
            return _install(package, origin=origin, remote=remote, again=again, answer=answer)
        except (errors.Refused, errors.CheckFailed) as error:
            _tell_refusal(error, origin)
            raise

    return with_answers(consent, work)


def _tell_refusal(error: errors.EdgeError, origin: str) -> None:
    fact = {"event": "refused", "act": "install", "origin": origin}
    try:
        audit.append({**fact, "kind": type(error).__name__, "why": error.message})
    except errors.EnvironmentFault:
        # What was refused stays refused, and why is what there is to know first.
        return


def _install(package: Package, *, origin: str, remote: bool, again: bool, answer: Answer) -> Outcome:
    name, number = package.description["name"], package.description["release"]
    before = record.find(name)
    if before is not None and removal.is_unfinished(before):
        # Recovery could not; what it says then is what stands in the way.
        removal.finish(before)
        before = record.find(name)
    _check_keys(package, policy.load().level_of(name))
    with Staged(package) as staged:
        current = before.current if before is not None else ""
        if before is not None and current[:ID_DIGITS] == staged.release_id and not problem_of(before):
            package.check_all()
            record.make_last(name)
            return Outcome(before, before, "nothing", staged.manifest.version, number)
        _check_floor(before, name, number, staged.release_id, again=again)
        # Before anything is written, which would be for nothing when somebody has to be asked first.
        request, agreed, consents = _agree(package, staged, before, remote, answer)
        staged.unpack()
        _check_keys(package, request.grants.level)
        enabled = before.enabled if before is not None and current else agreed
        if enabled:
            selfcheck.check(staged, request.grants)
        else:
            selfcheck.load(staged, None)
        release_id = staged.keep()
        now = _switched(
            before,
            staged,
            release_id,
            number,
            origin=origin,
            remote=remote,
            enabled=enabled,
            consents=consents,
        )
        upgraded = bool(current)
        _tell(package, before, now, number, upgraded=upgraded)
        record.write(now)
        receipt = staged.receipt.decode()
    terms.derive(record.get(name), here(), receipt=receipt)
    collect()
    return Outcome(
        now, before, "upgraded" if upgraded else "installed", package.description["version"], number
    )


def _check_keys(package: Package, level: str) -> None:
    """At a level where only keys of the operator's count, the signer has to be one."""
    if levels.operator_only(level):
        package.check_trust(trust.text(operator_only=True))


def _check_floor(before: Record | None, name: str, number: int, release_id: str, *, again: bool) -> None:
    if before is None or number > before.floor or before.current[:ID_DIGITS] == release_id:
        return
    if before.previous[:ID_DIGITS] == release_id:
        raise errors.Downgrade(
            f"{name}: release {number} is the one that was kept",
            f"`edge rollback {name}` goes back to it",
        )
    if number < before.floor:
        raise errors.Downgrade(
            f"{name}: this is release {number}, and release {before.floor} was installed already",
            "" if before.current else f"Get a newer one, or forget that: edge remove {name} --forget",
        )
    # A record of an older Edge does not say which one that was; then it is the current one, or any.
    newest = (before.newest or before.current)[:ID_DIGITS]
    if newest and newest != release_id and not again:
        raise errors.Downgrade(
            f"{name}: release {number} was installed already, with other contents",
            "Raise the version, or [edge] release, of its manifest; --again is for who works on a plugin",
        )


def request_for(
    manifest: Manifest,
    imports: list[str],
    *,
    remote: bool,
    before: Record | None = None,
    signer: str = "",
    consents: Iterable[Ask] = (),
) -> tuple[Request, bool]:
    """What there is to agree to, and whether anybody has to.

    `before`: of what is installed, where this is to take its place. `consents`: what was agreed to of itself.
    """
    said = policy.load().agreed(manifest.name, before.consents if before is not None else consents)
    changes: list[Change] = []
    changed_signer = ""
    if before is not None and before.current:
        changes, changed_signer, needed = _against(before, manifest, imports, signer)
        # Who compiled it here says nothing of who wrote it.
        needed = needed or (remote and signer == _own_key())
    else:
        needed = remote or bool(_unaccepted(manifest, said))
    asked = said.agreed(manifest.name, manifest.asks) if needed else said
    granted = grants.resolve(manifest, asked, profile=here())
    return Request(manifest, granted, imports, changes, changed_signer, remote=remote), needed


def _against(
    before: Record, manifest: Manifest, imports: list[str], signer: str
) -> tuple[list[Change], str, bool]:
    """What a release changes against the installed one, its signer if another, whether that needs a yes."""
    from edge.difference import difference
    from edge.store.installed import description_of

    try:
        old = description_of(before.current)
        changes = difference(old["imports"], manifest_of(before.current), imports, manifest)
    except errors.EdgeError:
        # It is damaged, and nobody can say any more what it was allowed.
        return [], "", True
    signer = signer if signer != old["signer"] else ""
    return changes, signer, bool(signer) or any(change.wider for change in changes)


def _own_key() -> str:
    from edge import keys

    own = keys.local_public()
    return own.hex() if own is not None else ""


def _agree(
    package: Package, staged: Staged, before: Record | None, remote: bool, answer: Answer
) -> tuple[Request, bool, list[Ask]]:
    """What is asked for; whether somebody agreed, or nobody has to; what of it was agreed to, now or before.

    Refuses a release that wants more than the one before, and nobody agreed.
    """
    description, manifest = package.description, staged.manifest
    request, needed = request_for(
        manifest, description["imports"], remote=remote, before=before, signer=description["signer"]
    )
    about = (staged.release_id, before.current if before is not None else "")
    agreed = not needed or answer(request, about)
    if not agreed and before is not None and before.current:
        wider = [change.what for change in request.changes if change.wider]
        if request.signer:
            wider.insert(0, f"it is signed by another key, {request.signer[:16]}")
        if not wider:
            wider.append("it comes from elsewhere" if remote else "what is installed is damaged")
        raise errors.NeedsConsent(
            f"{manifest.name} {manifest.version} needs a yes to be the current one: {'; '.join(wider)}",
            "`edge audit FILE` shows all of it; `edge install --yes` consents",
        )
    if needed and agreed:
        return request, agreed, list(manifest.asks)
    had = before.consents if before is not None else ()
    return request, agreed, [ask for ask in manifest.asks if asks.covered(ask, had)]


def _unaccepted(manifest: Manifest, said: policy.Policy) -> list[object]:
    """What it asks for that nobody has agreed to."""
    level = said.level_of(manifest.name)
    if manifest.level:
        level = levels.stricter(level, manifest.level)
    accepted = said.accepted(manifest.name, level)
    if accepted is None:
        return []
    free = levels.free_limits(level, here())
    return [ask for ask in manifest.asks if not (asks.covered(ask, accepted) or _is_free(ask, free))]


def _is_free(ask: Ask, free: dict[str, float]) -> bool:
    """Whether it is a limit that needs nobody's consent, for being no higher than what there is without."""
    return ask[0] == "limits" and float(ask[2]) <= free[ask[1]]


def _switched(
    before: Record | None,
    staged: Staged,
    release_id: str,
    number: int,
    *,
    origin: str,
    remote: bool,
    enabled: bool,
    consents: Iterable[Ask],
) -> Record:
    kept = _kept(before, release_id)
    # A release below the floor is the current one, repaired: nothing else comes this far.
    floor, newest = number, release_id[:ID_DIGITS]
    if before is not None and number < before.floor:
        floor, newest = before.floor, before.newest
    return record.Record(
        staged.manifest.name,
        current=release_id,
        previous=kept,
        enabled=enabled,
        floor=floor,
        newest=newest,
        origin=origin,
        remote=remote,
        previous_source=_came_from(before, kept),
        interpret=staged.interpret,
        consents=dict.fromkeys((*consents, *_consents_of(before, kept))),
    )


def _consents_of(before: Record | None, kept: str) -> list[Ask]:
    """What was agreed to of the release that is kept, for when it comes back."""
    if before is None or not kept:
        return []
    try:
        asked = manifest_of(kept).asks
    except errors.EdgeError:
        return []
    return [ask for ask in asked if ask in before.consents]


def _came_from(before: Record | None, kept: str) -> tuple[object, ...]:
    """Where the release that is kept came from, and whether that was another machine."""
    if before is None or not kept:
        return "", False
    return before.previous_source if kept == before.previous else (before.origin, before.remote)


def _kept(before: Record | None, release_id: str) -> str:
    """The release to go back to: the one that was current, unless that is damaged or the same.

    One whose signer is not trusted is kept: that may change, with a level or a key.
    """
    if before is None or not before.current:
        return ""
    if before.current[:ID_DIGITS] == release_id[:ID_DIGITS]:
        return before.previous
    fault = fault_of(before.current, before.name)
    return before.current if fault is None or isinstance(fault, errors.Untrusted) else before.previous


def _tell(package: Package, before: Record | None, now: Record, number: int, *, upgraded: bool) -> None:
    """Before the record is written: a change may be told of and not have happened, never the other way."""
    audit.append(
        {
            "event": "upgrade" if upgraded else "install",
            "plugin": now.name,
            "version": package.description["version"],
            "release": number,
            "id": now.current,
            "before": before.current if before is not None else "",
            "signer": package.description["signer"],
            "origin": now.origin,
            "enabled": now.enabled,
        }
    )
