"""Checks that this machine meets Edge's needs and that the installed plugins are intact.

Each check is a small function that returns a Finding. They are imported when they run, since some need the
native library, which may itself be the problem.
"""

from __future__ import annotations

from edge.doctor.finding import FAIL, WARN, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.errors import EdgeError
    from edge.store.view import View

CHECKS = {
    "processor": "machine",
    "python": "machine",
    "library": "library",
    "bundle": "library",
    "confinement": "machine",
    "memory": "machine",
    "control_groups": "machine",
    "shared_memory": "machine",
    "places": "machine",
    "disk": "machine",
    "clock": "machine",
    "folders": "trusting",
    "keys": "trusting",
    "trust": "trusting",
    "files": "kept",
    "registry": "kept",
    "store": "plugins",
    "plugins": "plugins",
    "engine": "plugins",
    "compiler": "plugins",
    "revoked": "plugins",
    "signers": "plugins",
    "grants": "plugins",
    "room": "plugins",
    "configuration": "kept",
    "secrets": "kept",
    "audit": "plugins",
}
"""Every check: a function of that name, and its module."""

SEEING = (
    *("trust", "files", "store", "plugins", "engine", "compiler", "revoked", "signers", "grants", "room"),
    *("configuration", "secrets", "audit"),
)
"""Checks that share one view of the store, so that each head is verified once (edge/store/view.py)."""


def examine() -> Iterator[tuple[str, Finding]]:
    """Runs every check and returns its name and finding."""
    from edge import files

    # Results that this process cached earlier may be out of date.
    files.checked_folders.clear()
    views: list[View] = []
    for name, home in CHECKS.items():
        yield name, _guarded(name, home, views)


def _guarded(name: str, home: str, views: list[View]) -> Finding:
    """The finding of a check; an exception is a finding too."""
    try:
        module = __import__(f"edge.doctor.{home}", None, None, [name])
        check: Callable[..., Finding] = getattr(module, name)
        if name not in SEEING:
            return check()
        if not views:
            from edge.store.view import View

            views.append(View())
        return check(views[0])
    except Exception as error:
        from edge import errors

        if isinstance(error, errors.LibraryMissing) and name != "library":
            return Finding(WARN, "not checked: the native library cannot be used")
        meant = _meant(error)
        if meant is not None:
            return Finding(FAIL, meant.message, meant.remedy)
        return Finding(FAIL, f"the check itself failed: {type(error).__name__}: {error}", "Please report it")


def _meant(error: Exception) -> EdgeError | None:
    """What an error means to the operator; None if it is a fault of Edge."""
    from edge import errors, files

    try:
        if isinstance(error, OSError) and isinstance(error.filename, str):
            files.raise_for(error.filename, error)
    except errors.EdgeError as meant:
        return meant
    return error if isinstance(error, errors.EdgeError) else None
