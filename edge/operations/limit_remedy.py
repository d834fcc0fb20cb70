"""Remedies for calls that went over a limit: the place where the limit is set."""

from __future__ import annotations

from edge import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.store.call_plan import CallPlan

WORDS = {
    "crossing:": "crossing_bytes",
    "too much data is being copied": "crossing_bytes",
    "host calls:": "host_calls",
    "table": "table_elements",
    "memory": "memory",
}
"""Words for limits in messages of the native library, in order of precedence."""


OPTIONS = {
    "fuel": "--fuel N",
    "deadline": "--timeout SECONDS",
    "memory": "--memory MB",
    "host_calls": "--host-calls N",
}
"""Options of `edge run` by limit."""

AT_START = ": it starts with "
STACK = "much of it may be stack that the linker reserves: `-z stack-size=65536` of wasm-ld reserves less"


def explain_run(error: Exception) -> None:
    """Sets the remedy of an error of `edge run`."""
    limit = limit_of(error)
    if not (limit and isinstance(error, errors.CallFailed)):
        return
    option = OPTIONS.get(limit)
    more = (
        f"To allow more: {option}"
        if option
        else (
            f"Declare {limit} under [edge.limits] of a manifest; run it with --manifest FILE --level relaxed"
        )
    )
    error.remedy = f"{more}; {STACK}" if _starts_with_memory(error, limit) else more


def _starts_with_memory(error: errors.CallFailed, limit: str) -> bool:
    return limit == "memory" and AT_START in error.message


def explain(error: Exception, own: CallPlan, timeout: float | None) -> None:
    """Sets the remedy of an error according to the plugin's manifest and grants.

    `timeout`: the requested timeout, None for the plugin's own.
    """
    limit = limit_of(error)
    if not (limit and isinstance(error, errors.CallFailed)):
        return
    held = own.grants["limits"][limit]
    if limit == "deadline" and timeout is not None and timeout < held:
        error.remedy = f"Without --timeout the limit is {held:g} s"
        return
    amounts = [request[2] for request in own.grants["declared"] if request[:2] == ["limits", limit]]
    asked = max(amounts, key=float, default="0")
    grant = f"edge policy grant {own.name} limits {limit}"
    if float(asked) > held:
        error.remedy = f"Its manifest requests {asked}; `{grant} {asked}` grants it"
        return
    if _starts_with_memory(error, limit):
        error.remedy = f"Its author can declare memory under [edge.limits], or build it with less: {STACK}"
        return
    error.remedy = (
        f"Its author can raise {limit} under [edge.limits] of its manifest, now {held:.16g}; "
        f"`{grant} AMOUNT` grants more than this device gives without consent"
    )


def explain_room(error: Exception, name: str) -> None:
    """Sets the remedy of an admission error if no call of the plugin can ever fit."""
    if not isinstance(error, errors.NotAdmitted):
        return
    from edge.store.fitting import misfit

    advice = misfit(name)
    if advice is not None:
        error.remedy = advice[1]


ARGUMENTS = "crossing:"


def limit_of(error: Exception) -> str:
    """The limit that a call went over; empty if unknown."""
    if isinstance(error, errors.OutOfFuel):
        return "fuel"
    if isinstance(error, errors.DeadlineExceeded):
        return "deadline"
    if not isinstance(error, errors.OverLimit):
        return ""
    # Between the plugin's name, which may contain any words, and the trap that followed. Messages about the
    # arguments of a call do not start with a name.
    name, _, rest = error.message.partition(": ")
    cause = ARGUMENTS if name == "Crossing" else rest.partition("; then: ")[0]
    return next((limit for word, limit in WORDS.items() if word in cause), "")
