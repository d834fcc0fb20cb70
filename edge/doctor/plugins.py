"""Checks of the installed plugins and of the audit log."""

from __future__ import annotations

import posix

from edge.doctor.finding import FAIL, PASS, WARN, Finding, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.errors import EdgeError
    from edge.store import Record
    from edge.store.view import Release, View

SHOWN = 3


def store(view: View) -> Finding:
    """Whether every record can be read and has its releases."""
    from edge import errors
    from edge.store import lost, records, release_path
    from edge.store.parts import again

    names, gone = records.named(), lost.names()
    wrong: list[EdgeError] = [lost.problem(name, lost.leftover(name)) for name in gone]
    for name in names:
        try:
            found = view.record(name)
        except errors.StoreDamaged as error:
            wrong.append(error)
            continue
        wrong += [
            errors.StoreDamaged(f"release {release[:16]} of {name} is missing", again(release, name))
            for release in filter(None, (found.current, found.previous) if found else ())
            if not posix.access(release_path(release), 0)
        ]
    remedy = wrong[0].remedy if wrong else ""
    return judge([error.message for error in wrong], counted(len(names), "record"), remedy)


def plugins(view: View) -> Finding:
    """Whether every byte of the installed plugins is unchanged since it was signed."""
    from edge.store.status import why

    wrong, kept, count, remedy = [], [], 0, ""
    for found in view.installed():
        count += 1
        damage = _damage(view, found, "current")
        if damage is not None:
            remedy = remedy or damage.remedy
            wrong.append(f"{found.name}: {why(damage, found.name)}")
        damage = _damage(view, found, "previous") if found.previous else None
        if damage is not None:
            kept.append(f"{found.name}, previous release: {why(damage, found.name)}")
    if kept and not wrong:
        return Finding(
            WARN, _listed(kept), "Rolling back would be refused; the next upgrade replaces this release"
        )
    return judge(wrong + kept, f"{counted(count, 'plugin')}, as signed", remedy)


def _damage(view: View, found: Record, which: str) -> EdgeError | None:
    """What is wrong with a release; of one that was replaced meanwhile, with the one in its place."""
    from edge import store
    from edge.store.verify import damage_of
    from edge.store.view import View

    damage = damage_of(view.release(getattr(found, which), found.name))
    now = store.find(found.name) if damage is not None else None
    if now is None or now == found:
        return damage
    release = getattr(now, which)
    return damage_of(View().release(release, now.name)) if release else None


def engine(view: View) -> Finding:
    """Whether this library loads the installed plugins."""
    from edge import _native as native
    from edge.doctor.engine import judged

    releases = list(judged(native.about(), view))
    wrong = [f"{each.plugin} {each.version}: {each.problem}" for each in releases if each.problem]
    loads = f"this library loads {counted(len(releases), 'release')}"
    return judge(wrong, loads, "Install releases compiled for it")


def compiler(view: View) -> Finding:
    """Whether the installed plugins come from accepted compilers."""
    from edge.errors import OldCompiler

    return _taken(view, "no release comes from a rejected compiler", OldCompiler)


def revoked(view: View) -> Finding:
    """Whether installed plugins were revoked."""
    from edge.errors import Revoked

    return _taken(view, "no release is revoked", Revoked)


def signers(view: View) -> Finding:
    """Whether the signers of installed plugins are trusted at each plugin's level."""
    from edge.errors import OutOfScope, Untrusted

    return _taken(
        view, "every release is signed by a key that counts at its plugin's level", Untrusted, OutOfScope
    )


def grants(view: View) -> Finding:
    """Whether enabled plugins have the grants that loading requires."""
    from edge.errors import NotGranted
    from edge.store import status

    view.check_lines()
    wrong = [
        error.message
        for found in view.installed()
        if found.enabled and isinstance(error := status.problem(found, view), NotGranted)
    ]
    return judge(wrong, "every enabled plugin has the grants it needs", NotGranted.advice)


def room(view: View) -> Finding:
    """Whether a call of each enabled plugin can ever be admitted."""
    from edge.errors import EdgeError
    from edge.store.fitting import misfit

    wrong = []
    for found in view.installed():
        try:
            problem = misfit(found.name) if found.enabled else None
        except EdgeError:
            # Other checks report damage.
            continue
        if problem is not None:
            wrong.append(problem)
    causes = [cause for cause, _ in wrong]
    return judge(causes, "a call of every enabled plugin fits into memory", wrong[0][1] if wrong else "")


def audit(view: View) -> Finding:
    """Whether the audit log is as it was written, and tells of what is installed."""
    from edge import audit
    from edge.doctor import missed

    wrong = audit.verify()
    untold = [] if wrong else list(missed.installations(view))
    if untold:
        return warn(untold)
    remedy = "`edge audit --verify` shows every problem; find out who changed the log"
    count = sum(1 for _ in audit.entries())
    return judge(wrong, f"{counted(count, 'entry', 'entries')}, unchanged", remedy)


def _taken(view: View, well: str, *kinds: type[EdgeError]) -> Finding:
    """Whether no release is refused for such a reason; raises what leaves that open."""
    from edge.store.parts import again
    from edge.store.status import DAMAGES, why

    view.check_lines()
    wrong, kept, unclear, remedy, mended = [], [], [], "", ""
    for found, release in _releases(view):
        error = release.refusal
        if isinstance(error, DAMAGES):
            unclear.append(f"{found.name}: {why(error, found.name)}")
            mended = mended or again(release.id, found.name)
        if not isinstance(error, kinds):
            continue
        remedy = remedy or error.remedy
        if release.id == found.current:
            wrong.append(error.message)
        else:
            kept.append(f"{found.name}, previous release: {why(error, found.name)}")
    if kept and not wrong:
        return Finding(WARN, _listed(kept), remedy)
    if unclear and not wrong:
        return Finding(WARN, f"it can't be said of what is damaged: {_listed(unclear)}", mended)
    return judge(wrong + kept, well, remedy)


def _releases(view: View) -> Iterator[tuple[Record, Release]]:
    for found in view.installed():
        for release in filter(None, (found.current, found.previous)):
            yield found, view.release(release, found.name)


def judge(wrong: list[str], well: str, remedy: str) -> Finding:
    """A finding that lists the problems, or reports that there are none."""
    return Finding(FAIL, _listed(wrong), remedy) if wrong else Finding(PASS, well)


def warn(wrong: list[tuple[str, str]]) -> Finding:
    """A warning that lists what is wrong, with what to do about the first."""
    return Finding(WARN, _listed([told for told, _ in wrong]), wrong[0][1])


def _listed(found: list[str]) -> str:
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more
