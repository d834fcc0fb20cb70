"""Errors as data, and the Edge errors for other exceptions."""

from __future__ import annotations

from edge import errors, files

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
"""Maximum characters; the end of a trace matters most."""


def facts(error: errors.EdgeError) -> dict[str, Any]:
    """An error as data."""
    data: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": error.message,
        "remedy": error.remedy,
        "exit": error.exit_code,
    }
    if isinstance(error, errors.BadManifest):
        data["problems"] = error.problems
    return data


def meant(error: Exception) -> errors.EdgeError:
    """The Edge error for an exception that no caller handled.

    Faults of this machine, such as a full disk, have their own errors; any other exception is an
    `errors.InternalFault`.
    """
    import errno

    if isinstance(error, OSError) and error.errno in map(errno.__dict__.get, OF_THE_MACHINE):
        try:
            files.raise_for(str(error.filename or "this machine"), error)
        except errors.EdgeError as known:
            return known
    if isinstance(error, MemoryError):
        return errors.OutOfMemory("Out of memory", _limited_memory())
    return errors.InternalFault(f"{type(error).__name__}: {error}")


def trace(error: Exception) -> str:
    """The trace of an error, or its end, for a report of an internal fault."""
    import traceback

    text = "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()
    return text[-MAX_TRACE:]


def _limited_memory() -> str:
    """The remedy if the memory of this process is limited; empty if not."""
    import resource

    for kind, option, service in ((resource.RLIMIT_DATA, "d", "DATA"), (resource.RLIMIT_AS, "v", "AS")):
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY:
            return (
                f"This process is limited to {limit >> 20} MB: see `ulimit -{option}`, in a service "
                f"Limit{service}="
            )
    return ""
