"""Checks of Edge's small files, each of which a power cut may have emptied, truncated or removed."""

from __future__ import annotations

import posix

from edge.doctor.finding import FAIL, PASS, WARN, Finding, counted
from edge.doctor.plugins import judge, warn
from edge.suggest import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.errors import EdgeError
    from edge.store.view import View

LOCKED = ("store/lock", "audit/lock")


def configuration(view: View) -> Finding:
    """Whether what plugins are configured with can be read, and is there."""
    from edge.store import config

    return _of_plugins(view, config.damage_of, "config", "configuration", "which can be read")


def secrets(view: View) -> Finding:
    """Whether every secret opens, and is there."""
    from edge.store import secrets as stored_secrets

    return _of_plugins(view, stored_secrets.damage_of, "secrets", "plugin", "with readable secrets")


def registry() -> Finding:
    """Whether the list of registries can be read."""
    from edge import errors
    from edge.sources.registry import configured

    try:
        _, found = configured()
    except errors.UsageError as error:
        if error.message.startswith("No registry is configured"):
            return Finding(PASS, "no registry is configured")
        return Finding(FAIL, error.message, error.remedy)
    return Finding(PASS, f"{counted(len(found), 'registry is', 'registries are')} configured")


def files(view: View) -> Finding:
    """Whether files are in their places, belong to this user, and none is missing."""
    from contextlib import suppress

    from edge import files, trust

    foreign = [path for path in _folders() if _is_roots(path)]
    if foreign:
        chown = f"`sudo chown -R {posix.geteuid()} {shell(foreign[0])}`"
        remedy = f"Root created it while HOME was this user's: {chown}"
        return Finding(FAIL, f"{foreign[0]} belongs to root", remedy)
    for path in _kept():
        with suppress(FileNotFoundError, NotADirectoryError):
            # An exception is the finding.
            files.guard(path, posix.lstat(path), files.OTHERS_WRITE)
    for path in (files.policy_path(), f"{files.config_home()}/edge/trusted.keys"):
        if posix.access(f"{path}.lock", 0) and not posix.access(path, 0):
            remedy = f"Restore it from a backup; if it was removed on purpose: `rm {shell(path + '.lock')}`"
            return Finding(WARN, f"{path} is missing, and its settings no longer apply", remedy)
    path = trust.operator_path()
    text = view.trust.read(path) if path else b""
    if text and not text.endswith(b"\n"):
        remedy = "Check whether lines, such as revocations, are missing; then end the last line"
        return Finding(WARN, f"{path} ends in the middle of a line: it may be truncated", remedy)
    return Finding(PASS, f"all files are in place below {files.folder(files.data_folder())}")


def _of_plugins(
    view: View, damage_of: Callable[[str], EdgeError | None], folder: str, noun: str, well: str
) -> Finding:
    from edge.doctor import missed
    from edge.store import records

    names = [name for name in records.named() if posix.access(f"{_data()}/{folder}/{name}.json", 0)]
    wrong = [error for name in names if (error := damage_of(name)) is not None]
    gone = [*missed.files(view, folder), *missed.settings(view, folder)]
    if gone and not wrong:
        return warn(gone)
    return judge(
        [error.message for error in wrong],
        f"{counted(len(names), noun)} {well}",
        wrong[0].remedy if wrong else "",
    )


def _is_roots(path: str) -> bool:
    return posix.geteuid() != 0 == posix.stat(path).st_uid


def _data() -> str:
    from edge import files

    return files.data_folder()


def _folders() -> Iterator[str]:
    from edge import files
    from edge.doctor.trusting import KEPT

    paths = [f"{files.config_home()}/edge", _data(), *(f"{_data()}/{name}" for name in KEPT)]
    return (path for path in paths if posix.access(path, 0))


def _kept() -> Iterator[str]:
    """Files that are only locked, or rebuilt if they cannot be read."""
    from edge import files
    from edge.files import runtime_dir

    yield from (f"{_data()}/{name}" for name in LOCKED)
    yield from (f"{files.config_home()}/edge/{name}.lock" for name in ("policy.json", "trusted.keys"))
    yield from (f"{_data()}/audit/{name}" for name in ("log", "uses", "used"))
    for folder in (f"{_data()}/store/calls", f"{runtime_dir.own_folder()}/log"):
        yield from (f"{folder}/{name}" for name in (posix.listdir(folder) if posix.access(folder, 0) else ()))
    yield f"{runtime_dir.folder()}/counters"
