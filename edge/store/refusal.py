"""Why an installed plugin is not called, and the remedies for its operator."""

from __future__ import annotations

import posix

from edge import errors, store
from edge._native import making
from edge.store.parts import again, described, description_of, is_torn
from edge.store.view import View, way_back
from edge.trust import held
from edge.trust.advice import advise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from edge.policy.grants import Audit
    from edge.store import Record
    from edge.store.call_plan import CallPlan


def explain(error: Exception, own: CallPlan, head: bytes, audit: Audit | None) -> None:
    """Writes a refusal to the audit log, and sets the remedy of the error.

    Raises another error if the release is damaged in a way that the given one does not show.
    """
    _tell_refusal(error, own, audit)
    _advise(error)
    advise(error, lambda: making.describe_head(head, own.name, None))
    if isinstance(error, errors.EdgeError):
        error.remedy = way_back(error, own.release, own.name, View()) or error.remedy
    _check_head(error, head, own)


def refuse_disabled(name: str) -> NoReturn:
    """Raises the error for a plugin that is not enabled."""
    raise errors.NotEnabled(
        f"{name} is installed but not enabled",
        f"`edge show {name}` shows its permission requests; `edge enable {name}` enables it",
    )


def _tell_refusal(error: Exception, own: CallPlan, audit: Audit | None) -> None:
    if audit is not None and isinstance(error, errors.Refused):
        event = {"event": "refused", "act": "call", "plugin": own.name, "id": own.release}
        audit({**event, "kind": type(error).__name__, "why": error.message})


def _advise(error: Exception) -> None:
    """Sets a remedy for an installed release, which has no other file to look for."""
    if isinstance(error, errors.Damaged):
        error.remedy = "Install the same release again to repair it; `edge doctor` checks all others"
    elif isinstance(error, (errors.WrongEngine, errors.OldCompiler)):
        error.remedy = "Install a release packed with this release of Edge; `edge audit --engine` lists all"
    if isinstance(error, errors.OptionsError):
        # An invalid file of trust: this names it.
        held.check_all()


def _check_head(error: Exception, head: bytes, own: CallPlan) -> None:
    """Raises `errors.StoreDamaged` if the stored head or code is damaged."""
    if isinstance(error, errors.Refused) and is_torn(head):
        described(head, own.release, own.name)
    if isinstance(error, errors.NotArtifact):
        raise errors.StoreDamaged(
            f"{store.release_path(own.release)}/{store.CODE} is not compiled code",
            again(own.release, own.name),
        ) from None


def refuse_missing(own: CallPlan, audit: Audit | None) -> NoReturn:
    """Raises the error for a plugin that imports an interface without a grant."""
    if audit is not None:
        own.granted(audit).check_load(description_of(own.release)["imports"])
    raise errors.NotGranted(f"{own.name}: {own.missing}")


def refuse_gone(record: Record) -> NoReturn:
    """Raises the error for a release with a missing file."""
    folder = store.release_path(record.current)
    names = (name for name in (store.HEAD, store.CODE) if not posix.access(f"{folder}/{name}", 0))
    path = next((f"{folder}/{name}" for name in names), folder)
    raise errors.StoreDamaged(f"{record.name}: {path} is missing", again(record.current, record.name))
