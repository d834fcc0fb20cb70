"""Consent: what an operator agrees to before a plugin is changed, and what consent covers.

A change is planned under the store's lock; the plan has a permission request and a stamp. The lock is not
held while the operator reads the request. `commit` makes the change if everything that the request was
derived from is unchanged; otherwise it returns a new plan. A terminal does both in a row (`carry_out`), a
service in two requests of its client. RATIONALE, "Why consent is planned, then committed".

Consent covers what the request shows: every permission request of the manifest that no consent and no grant
covers now. Requests that were covered before stay covered; no others become covered. RATIONALE, "Why consent
covers only what was shown".
"""

from __future__ import annotations

from edge import errors
from edge.limits import here
from edge.permissions import levels, requests
from edge.policy import file as policy_file
from edge.policy import grants
from edge.policy.diff import Change, difference
from edge.store import Record
from edge.store.lock import locked
from edge.store.parts import description_of, manifest_of
from edge.store.view import level_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol, TypeVar

    from edge.manifest import Manifest
    from edge.permissions.catalogue import Request as PermissionRequest
    from edge.policy.grants import Grants
    from edge.policy.model import Policy

    Consent = Callable[["Request"], bool]
    P = TypeVar("P", bound="Plan")
    T_co = TypeVar("T_co", covariant=True)

    class Work(Protocol[P, T_co]):
        """A change of the store that may need consent. The store's lock is held for both methods."""

        def plan(self) -> P:
            """Plans the change, and changes nothing."""

        def make(self, plan: P, *, agreed: bool) -> T_co:
            """Makes the change; `agreed`: whether the operator consented to the request of the plan."""


class Request:
    """What an operator is asked to consent to.

    manifest  of the plugin
    grants    its grants with the consent
    imports   of the component
    missing   permission requests that no consent and no grant covers at the level in force
    consents  those of them that consent covers: none at a level that accepts only grants
    changes   against the installed release, including what of it is missing; empty if there is no installed
              release, or it is damaged or was never consented to: then the whole plugin is shown
    signer    the key that signed it if it differs from the installed release's; otherwise empty
    signer_before  the key of the installed release in that case
    remote    whether it came from another machine
    adopted   whether its packager is not its author
    """

    __slots__ = (
        "adopted",
        "changes",
        "consents",
        "grants",
        "imports",
        "manifest",
        "missing",
        "remote",
        "signer",
        "signer_before",
    )

    def __init__(
        self,
        manifest: Manifest,
        held: Policy,
        imports: list[str],
        changes: Iterable[Change] = (),
        signers: tuple[str, str] = ("", ""),
        *,
        remote: bool,
        adopted: bool = False,
    ) -> None:
        self.adopted = adopted
        self.manifest = manifest
        self.imports = imports
        self.signer, self.signer_before = signers
        self.remote = remote
        level = level_of(manifest, held, manifest.name)
        self.missing = missing(manifest, held, level)
        # A request that the level refuses is shown as such: consent does not grant it at another level.
        explicit = levels.LEVELS[level]["consent"] == "explicit"
        self.consents: tuple[PermissionRequest, ...] = () if explicit else self.missing
        self.changes = _with_missing(list(changes), self.consents)
        self.grants = grants.resolve(manifest, held.agreed(manifest.name, self.consents), profile=here())

    def refused(self) -> set[PermissionRequest]:
        """The permission requests that the level refuses completely, with or without consent."""
        not_given, given = {*self.missing} - {*self.consents}, requests.Covering(self.grants.allowed)
        limits = self.grants.limits
        return {
            ask
            for ask in self.manifest.requests
            # A limit may be allowed without consent; other requests may be allowed in part.
            if ask in not_given
            or not (
                (ask[0] == "limits" and float(ask[2]) <= limits[ask[1]])
                or any(True for _ in given.within(ask))
            )
        }

    def widenings(self) -> list[str]:
        """Everything that consent allows the plugin beyond what it may do now."""
        if self.changes:
            return [change.what for change in self.changes if change.wider]
        return [f"requests {requests.spelled(ask)}" for ask in self.consents]


class Plan:
    """A change that is planned and not made.

    request  what the operator is asked to consent to; None if no consent is needed
    stamp    of everything that the request was derived from: the same as long as that is unchanged
    """

    __slots__ = ("request", "stamp")

    def __init__(self, request: Request | None, stamp: str) -> None:
        self.request = request
        self.stamp = stamp

    def check(self) -> None:
        """Makes checks that take long; called before the operator is asked."""


class Agreed:
    """Consent given in advance; the request is shown after the change is made."""

    __slots__ = ("_show",)

    def __init__(self, show: Callable[[Request], None]) -> None:
        self._show = show

    def __call__(self, request: Request) -> bool:
        """Shows the request."""
        self._show(request)
        return True


class Review:
    """The needs of a release, compared with what its plugin may do now.

    held     the policy, with the consents in force
    level    the security level in force
    request  what the operator is asked to consent to; None if no consent is needed
    reasons  why replacing the installed release needs consent, and everything that the consent covers
    """

    __slots__ = ("held", "level", "manifest", "reasons", "request")

    def __init__(
        self, manifest: Manifest, held: Policy, request: Request | None, reasons: Iterable[str] = ()
    ) -> None:
        self.manifest = manifest
        self.held = held
        self.level = level_of(manifest, held, manifest.name)
        self.request = request
        self.reasons = tuple(reasons)

    def granted(self, *, agreed: bool) -> Grants:
        """The plugin's grants, with or without consent."""
        if agreed and self.request is not None:
            return self.request.grants
        return grants.resolve(self.manifest, self.held, profile=here())

    def consents(self, before: Record | None, *, agreed: bool) -> list[PermissionRequest]:
        """The consents to the release: those that cover it already and, with consent, what was shown."""
        had = before.consents if before is not None else ()
        shown = self.request.consents if agreed and self.request is not None else ()
        agreed_to, held = set(shown), requests.Covering(had)
        return [ask for ask in self.manifest.requests if ask in agreed_to or held.covers(ask)]

    def stamp(self, act: str, release: str, before: Record | None) -> str:
        """The stamp of an act on a release, and of everything that the request was derived from."""
        import hashlib

        own = self.held.of(self.manifest.name)
        known = [getattr(before, name) for name in Record.FIELDS] if before is not None else None
        asked = self.request
        shown = None
        if asked is not None:
            changes = [(change.what, change.wider) for change in asked.changes]
            about = asked.signer, asked.remote, asked.adopted
            shown = changes, asked.missing, asked.consents, asked.grants.allowed, about
        basis = act, release, known, self.level, own.consents, own.grants, here().name, shown
        return hashlib.sha256(repr(basis).encode("utf-8", "surrogatepass")).hexdigest()


def plan(work: Work[P, T_co]) -> P:
    """Plans a change; a change that needs consent is checked."""
    with locked():
        planned = work.plan()
        if planned.request is not None:
            planned.check()
        return planned


def commit(work: Work[P, T_co], stamp: str, *, agreed: bool) -> tuple[T_co | None, P]:
    """Makes a change if its plan still has the stamp; returns the result and the plan.

    Otherwise it returns None and a new plan, which needs consent again.
    `agreed`: whether the operator consented to the request of the plan with that stamp.
    """
    with locked():
        now = work.plan()
        return (work.make(now, agreed=agreed) if now.stamp == stamp else None), now


def carry_out(work: Work[P, T_co], consent: Consent | None) -> T_co:
    """Makes a change; `consent` is called, without the store's lock, if consent is needed.

    It is called again if the request has changed meanwhile. None: consent is refused.
    """
    with locked():
        planned = work.plan()
        # In one step: a second plan would read and verify the package again.
        if planned.request is None or consent is None:
            return work.make(planned, agreed=False)
        planned.check()
        done = work.make(planned, agreed=True) if isinstance(consent, Agreed) else None
    if done is not None:
        consent(planned.request)
        return done
    while True:
        agreed = planned.request is not None and consent(planned.request)
        done, planned = commit(work, planned.stamp, agreed=agreed)
        if done is not None:
            return done


def shown(request: Request) -> tuple[object, ...]:
    """Everything shown to the operator: two requests for which this is equal are one question."""
    return (
        tuple((change.what, change.wider) for change in request.changes),
        request.missing,
        request.consents,
        request.grants.level,
        tuple(request.grants.allowed),
        request.signer,
        request.remote,
        request.adopted,
        tuple(request.imports),
        repr(request.manifest.compiled()),
    )


def missing(manifest: Manifest, held: Policy, level: str) -> tuple[PermissionRequest, ...]:
    """The permission requests of a manifest that no consent and no grant covers at a level.

    Limits that the level allows without consent are not among them.
    """
    counting = held.accepted(manifest.name, level)
    if counting is None:
        own = held.of(manifest.name)
        counting = own.consents + own.grants
    free, had = levels.free_limits(level, here()), requests.Covering(counting)
    return tuple(ask for ask in manifest.requests if not (had.covers(ask) or _is_free(ask, free)))


def review(
    manifest: Manifest,
    imports: list[str],
    *,
    signer: str,
    remote: bool,
    before: Record | None,
    adopted: bool = False,
    policy: Policy | None = None,
) -> Review:
    """The needs of a release to be installed; `before`: its plugin's record, None for a new plugin.

    `policy`: the policy if it was read already; otherwise it is read.
    """

    def request(changes: Iterable[Change] = (), other: tuple[str, str] = ("", "")) -> Request:
        return Request(manifest, held, imports, changes, other, remote=remote, adopted=adopted)

    name = manifest.name
    held = (policy or policy_file.load()).agreed(name, before.consents if before is not None else ())
    if before is None or not before.current:
        waits = remote or _waits(manifest, held)
        return Review(manifest, held, request() if waits else None)
    changes, reasons, other = _compared(before, manifest, imports, signer)
    is_wider = any(change.wider for change in changes)
    if remote and not (reasons or is_wider) and signer == _own_key():
        # This machine's key shows who compiled it, not who wrote it.
        reasons = ["it comes from another machine"]
    approved = before.is_approved(before.current)
    if not (reasons or is_wider or (not approved and (remote or _waits(manifest, held)))):
        return Review(manifest, held, None)
    # A release without consent is no basis for a comparison: the change alone says too little.
    shown = changes if approved else []
    asked = request(shown, other)
    if reasons or is_wider:
        reasons += asked.widenings()
    return Review(manifest, held, asked, reasons)


def review_enabling(record: Record, manifest: Manifest, description: dict[str, Any]) -> Review:
    """The needs of an installed release before it may be called; `description`: the signed one."""
    imports, adopted = description["imports"], bool(description.get("adopted"))
    held = policy_file.load().agreed(record.name, record.consents)
    waits = _waits(manifest, held) or (record.remote and not record.is_approved(record.current))
    if not waits:
        return Review(manifest, held, None)
    return Review(manifest, held, Request(manifest, held, imports, remote=record.remote, adopted=adopted))


def _waits(manifest: Manifest, held: Policy) -> bool:
    """Whether a plugin requests something that needs consent."""
    level = level_of(manifest, held, manifest.name)
    return levels.LEVELS[level]["consent"] != "none" and bool(missing(manifest, held, level))


def _compared(
    before: Record, manifest: Manifest, imports: list[str], signer: str
) -> tuple[list[Change], list[str], tuple[str, str]]:
    """The changes of a release, other reasons for consent, and both signers if they differ."""
    try:
        old = description_of(before.current)
        changes = difference(old["imports"], manifest_of(before.current), imports, manifest)
    except errors.EdgeError:
        # What the damaged release was allowed is unknown.
        return [], ["the installed release is damaged"], ("", "")
    before_it = old["signer"]
    if signer == before_it:
        return changes, [], ("", "")
    reason = f"it is signed by key {signer[:16]}, the installed release by key {before_it[:16]}"
    return changes, [reason], (signer, before_it)


def _with_missing(changes: list[Change], consents: Iterable[PermissionRequest]) -> list[Change]:
    """The changes, with what consent covers beyond them; empty if there is nothing to compare with."""
    if not changes:
        return []
    told = {change.request for change in changes if change.wider}
    more = [
        Change(f"requests {requests.spelled(ask)}, which it does not have now", wider=True, request=ask)
        for ask in consents
        if ask not in told
    ]
    narrower = {change.request for change in more}
    return [
        *more,
        *(change for change in changes if change.request is None or change.request not in narrower),
    ]


def _is_free(ask: PermissionRequest, free: dict[str, float]) -> bool:
    """Whether it is a limit that needs no consent."""
    return ask[0] == "limits" and float(ask[2]) <= free[ask[1]]


def _own_key() -> str:
    from edge.trust import key_file

    own = key_file.local_public()
    return own.hex() if own is not None else ""
