"""The errors of failed calls; a call that succeeds never imports this."""

from __future__ import annotations

from edge import _native as native
from edge import errors
from edge.runtime import confinement
from edge.text import phrase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from edge.runtime.call import Call


def explain(call: Call, status: int, asked: int, failed: Exception | None) -> NoReturn:
    """Raises the error with which a step ended.

    `asked`: the index of the last host function that was called, or -1; `failed`: its exception.
    """
    try:
        native.fail_step(status, call.instance.out, call.plugin)
    except errors.HostFailed as error:
        error.message = f"{error.message} in {_function(call, asked)}"
        raise error from failed
    except (errors.OutOfMemory, errors.IoFault) as error:
        confinement.explain(error)
        raise
    except errors.ValueMismatch as error:
        if asked >= 0:
            error.message = f"{error.message}, in the answer of {_function(call, asked)}"
        raise


def refuse_answer(call: Call, asked: int, count: int) -> NoReturn:
    """Raises the error for a result of a host function that is larger than a crossing may be."""
    raise errors.OverLimit(
        f"{call.plugin}: crossing: an answer of {count} bytes from {_function(call, asked)}, "
        f"the limit is {call.instance.limits.crossing_bytes}"
    )


def refuse_fuel(call: Call) -> NoReturn:
    """Raises the error for fuel that was spent by the plugins that the call called."""
    raise errors.OutOfFuel(f"{call.plugin}: its fuel is used up, including that of the plugins it called")


def refuse_closed(call: Call) -> NoReturn:
    """Raises the error for a call whose instance was closed."""
    raise errors.Cancelled(f"{call.plugin}: the instance was closed while the call ran")


def refuse_second() -> NoReturn:
    """Raises the error for a second user of an instance."""
    raise errors.StateError(
        "This instance is in use by another thread, or by the call that runs its host function",
        "Use one instance per thread: Plugin.instance()",
    )


def reason(error: Exception) -> bytes:
    """The reason why a host function failed; it may contain text of the guest."""
    return f"{type(error).__name__}: {phrase(str(error))}".encode()


def _function(call: Call, asked: int) -> str:
    """The name of a host function, by its index."""
    return call.instance.plugin.provides.split(b"\n")[asked].decode()
