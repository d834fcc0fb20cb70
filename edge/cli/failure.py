"""What an error looks like on the command line."""

from __future__ import annotations

from edge import errors
from edge.cli import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def report(error: Exception, *, as_json: bool) -> int:
    """Tells of an error: what happened, to what, what to do; answers with the exit code."""
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
    """Tells of an error as JSON where answers go; false when that can't be written."""
    try:
        output.document({"error": error})
    except (errors.EdgeError, output.NobodyReads):
        return False
    return True


def _meant(error: Exception) -> errors.EdgeError:
    """The error that was not caught where it came up; of a fault of ours the trace is shown."""
    from edge.operations import failure

    meant = failure.meant(error)
    if isinstance(meant, errors.InternalFault):
        output.say_lines(failure.trace(error))
    return meant


def _facts(error: errors.EdgeError) -> dict[str, Any]:
    from edge.operations.failure import facts

    return facts(error)
