"""Packages installed without a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.store.consent import carry_out
from edge.store.install import Installation, Outcome

if TYPE_CHECKING:
    from edge.store.consent import Consent


def install(fd: int, file: str, *, consent: Consent | None = None, **how: Any) -> Outcome:
    """Installs the package behind a descriptor; `how`: as `Installation` takes it."""
    return carry_out(Installation(fd, file, **how), consent)
