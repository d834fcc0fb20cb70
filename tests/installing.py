"""An installation in one call, as `edge install` makes one."""

from __future__ import annotations

from typing import Any, Callable

from edge.store.consent import Request, carry_out
from edge.store.install import Installation, Outcome

Consent = Callable[[Request], bool]


def install(fd: int, file: str, *, consent: Consent | None = None, **how: Any) -> Outcome:
    """Installs the package behind a descriptor; `how`: as `Installation` has it."""
    return carry_out(Installation(fd, file, **how), consent)
