"""What an operator should know of a change: which plugins are not loaded any more."""

from __future__ import annotations

from edge.cli import output
from edge.store import status
from edge.store.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def tell(before: Iterable[str]) -> list[str]:
    """Says which of those that loaded `before` (status.loading) do not now; answers with their names."""
    stopped: list[str] = []
    remedies: dict[str, None] = {}
    view = View()
    for name in before:
        found = view.record(name)
        error = status.problem(found, view) if found is not None and found.current else None
        if error is not None:
            stopped.append(name)
            remedies[error.remedy] = None
            output.say(f"edge: {name} is not loaded any more: {status.why(error, name)}")
    for remedy in filter(None, remedies):
        output.say(f"      {remedy}")
    return stopped
