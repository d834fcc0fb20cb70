"""What an error looks like on the command line."""

from __future__ import annotations

from edge import errors, files
from edge.cli import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OF_THE_MACHINE = (
    "EIO",
    "ENOSPC",
    "EDQUOT",
    "EROFS",
    "EFBIG",
    "ENOLCK",
    "ENOMEM",
    "EMFILE",
    "ENFILE",
    "ESTALE",
)

MAX_TRACE = 20_000
"""Characters: the end of a trace says most."""


def report(error: Exception, *, as_json: bool) -> int:
    """Tells of an error: what happened, to what, what to do; answers with the exit code."""
    if not isinstance(error, errors.EdgeError):
        error = _fault(error)
    if as_json and document(facts(error)):
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


def facts(error: errors.EdgeError) -> dict[str, Any]:
    """An error as data."""
    found: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": error.message,
        "remedy": error.remedy,
        "exit": error.exit_code,
    }
    if isinstance(error, errors.BadManifest):
        found["problems"] = error.problems
    return found


def _limited_memory() -> str:
    """The remedy where this process may not have all the memory that there is; empty where it may."""
    import resource

    for kind, option, service in ((resource.RLIMIT_DATA, "d", "DATA"), (resource.RLIMIT_AS, "v", "AS")):
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY:
            return (
                f"This process may have {limit >> 20} MB: `ulimit -{option}` shows that, in a service it is "
                f"Limit{service}="
            )
    return ""


def _fault(error: Exception) -> errors.EdgeError:
    """A fault of ours: the one case in which a trace helps, because it goes into a report.

    Whatever was forgotten to be caught where it comes up, what this machine can't do is no fault of ours.
    """
    import errno
    import traceback

    if isinstance(error, OSError) and error.errno in map(errno.__dict__.get, OF_THE_MACHINE):
        try:
            files.raise_for(str(error.filename or "this machine"), error)
        except errors.EdgeError as meant:
            return meant

    if isinstance(error, MemoryError):
        return errors.OutOfMemory("There is no memory left", _limited_memory())

    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()
    output.say_lines(trace[-MAX_TRACE:])
    return errors.InternalFault(f"{type(error).__name__}: {error}")
