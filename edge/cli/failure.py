"""Errors on the command line."""

from __future__ import annotations

from edge import errors
from edge.cli import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def report(error: Exception, *, as_json: bool) -> int:
    """Shows an error (message and remedy) and returns its exit code."""
    if not isinstance(error, errors.EdgeError):
        error = _meant(error)
    if as_json and document(_facts(error)):
        return error.exit_code
    if isinstance(error, errors.BadManifest) and len(error.problems) > 1:
        output.say(f"edge: {error.heading}")
        for problem in error.problems:
            output.say(f"      {problem}")
    else:
        output.say(f"edge: {error.message}")
    if error.remedy:
        output.say(f"      {error.remedy}")
    return error.exit_code


def document(error: dict[str, Any]) -> bool:
    """Writes an error as JSON to stdout; false if writing fails."""
    try:
        output.document({"error": error})
    except (errors.EdgeError, output.NobodyReads):
        return False
    return True


def _meant(error: Exception) -> errors.EdgeError:
    """The Edge error for an exception that no caller handled; shows the trace of an internal fault."""
    from edge.operations import failure

    meant = failure.meant(error)
    if isinstance(meant, errors.InternalFault):
        output.say_lines(failure.trace(error))
    return meant


def _facts(error: errors.EdgeError) -> dict[str, Any]:
    from edge.operations.failure import facts

    return facts(error)
