"""Checks of what is installed, and of the log of that."""

from __future__ import annotations

import posix

from edge.doctor.finding import FAIL, PASS, WARN, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.errors import EdgeError
    from edge.store.installed import Installed

SHOWN = 3
AGAIN = "Install the release again; `edge rollback NAME` goes back to the one before"
STORE = (
    "`edge remove NAME --forget` and installing it again mend a record; a folder in a file's place has to be "
    "moved away before"
)


def store() -> Finding:
    """Whether every record can be read and has its releases."""
    from edge import errors
    from edge.store import lost, record, release_path

    names, gone = record.named(), lost.names()
    wrong = [lost.problem(name, lost.leftover(name)).message for name in gone]
    for name in names:
        try:
            found = record.find(name)
        except errors.StoreDamaged as error:
            wrong.append(error.message)
            continue
        releases = filter(None, (found.current, found.previous) if found else ())
        wrong += [
            f"release {release[:16]} of {name} is missing"
            for release in releases
            if not posix.access(release_path(release), 0)
        ]
    return judge(wrong, _counted(len(names), "record"), STORE)


def plugins() -> Finding:
    """Whether every byte of what is installed is what was signed."""
    from edge.store.standing import why
    from edge.store.verify import damage_of

    wrong, kept, count = [], [], 0
    for plugin in _readable():
        count += 1
        damage = damage_of(plugin.release_id, plugin.name)
        if damage is not None:
            wrong.append(f"{plugin.name}: {why(damage, plugin.name)}")
        damage = damage_of(plugin.previous, plugin.name) if plugin.previous else None
        if damage is not None:
            kept.append(f"{plugin.name}, the release that is kept: {why(damage, plugin.name)}")
    if kept and not wrong:
        return Finding(
            WARN, _listed(kept), "Rolling back would be refused; the next upgrade keeps another one"
        )
    return judge(wrong + kept, f"{_counted(count, 'plugin')}, as signed", AGAIN)


def engine() -> Finding:
    """Whether this library loads what is installed."""
    from edge import _native as native
    from edge.doctor.engine import judged

    releases = list(judged(native.about(), _readable()))
    wrong = [f"{each.plugin} {each.version}: {each.problem}" for each in releases if each.problem]
    loads = f"this library loads {_counted(len(releases), 'release')}"
    return judge(wrong, loads, "Install releases compiled for it")


def compiler() -> Finding:
    """Whether what is installed comes from a compiler that is taken."""
    from edge.errors import OldCompiler

    return _taken("none is of a compiler that is not taken any more", OldCompiler)


def revoked() -> Finding:
    """Whether what is installed was revoked since."""
    from edge.errors import Revoked

    return _taken("none was revoked", Revoked)


def signers() -> Finding:
    """Whether whoever signed what is installed is trusted to, at the level of each plugin."""
    from edge.errors import OutOfScope, Untrusted

    return _taken("all signed by keys that count at the level of each", Untrusted, OutOfScope)


def grants() -> Finding:
    """Whether what is enabled is granted what it can't be loaded without."""
    from edge.errors import NotGranted
    from edge.store import standing

    wrong = [
        error.message
        for plugin in _readable()
        if plugin.enabled and isinstance(error := standing.problem(plugin.record), NotGranted)
    ]
    return judge(wrong, "what is enabled has what it needs", NotGranted.advice)


def audit() -> Finding:
    """Whether the audit log is as it was written."""
    from edge import audit

    wrong = audit.verify()
    remedy = "`edge audit --verify` shows all of it; find out who did that"
    count = sum(1 for _ in audit.entries())
    return judge(wrong, f"{_counted(count, 'entry', 'entries')}, as written", remedy)


def _counted(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def _taken(well: str, *kinds: type[EdgeError]) -> Finding:
    from edge.store.standing import why

    wrong, kept, remedy = [], [], ""
    for plugin, release, error in _refused(*kinds):
        remedy = remedy or error.remedy
        if release == plugin.release_id:
            wrong.append(error.message)
        else:
            kept.append(f"{plugin.name}, the release that is kept: {why(error, plugin.name)}")
    if kept and not wrong:
        return Finding(WARN, _listed(kept), remedy)
    return judge(wrong + kept, well, remedy)


def _refused(*kinds: type[EdgeError]) -> Iterator[tuple[Installed, str, EdgeError]]:
    """Every release that is refused for such a reason: its plugin, its folder and why."""
    from edge.store import standing

    for plugin in _readable():
        for release in filter(None, (plugin.release_id, plugin.previous)):
            error = standing.refusal(plugin.name, release)
            if isinstance(error, kinds):
                yield plugin, release, error


def _readable() -> Iterator[Installed]:
    """What is installed, but what the check of the store names."""
    from edge import errors
    from edge.store import record
    from edge.store.installed import Installed

    for name in record.named():
        try:
            found = Installed(name)
        except (errors.StoreDamaged, errors.NotInstalled):
            continue
        yield found


def judge(wrong: list[str], well: str, remedy: str) -> Finding:
    """A finding that lists what is wrong, or says that all is well."""
    return Finding(FAIL, _listed(wrong), remedy) if wrong else Finding(PASS, well)


def _listed(found: list[str]) -> str:
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more
