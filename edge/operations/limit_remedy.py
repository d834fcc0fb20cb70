"""What to do after a call of an installed plugin went over a limit: where that limit comes from."""

from __future__ import annotations

from edge import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.store.call_plan import Terms

WORDS = {
    "crossing:": "crossing_bytes",
    "too much data is being copied": "crossing_bytes",
    "host calls:": "host_calls",
    "table": "table_elements",
    "memory": "memory",
}
"""How the native library's sentences call a limit, those first that the others may come after."""


OPTIONS = {
    "fuel": "--fuel N",
    "deadline": "--timeout SECONDS",
    "memory": "--memory MB",
    "host_calls": "--host-calls N",
}
"""What `edge run` has for a limit."""

AT_START = ": it starts with "
STACK = "much of it may be stack that the linker reserves: `-z stack-size=65536` of wasm-ld reserves less"


def explain_run(error: Exception) -> None:
    """Gives an error of `edge run` the remedy that goes with its options."""
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


def explain(error: Exception, own: Terms, timeout: float | None) -> None:
    """Gives an error the remedy that goes with the plugin's manifest and grants.

    `timeout`: what was asked for instead of its own.
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
    """Gives an error of admission the remedy of a plugin of which no call ever fits."""
    if not isinstance(error, errors.NotAdmitted):
        return
    from edge.store.fitting import misfit

    advice = misfit(name)
    if advice is not None:
        error.remedy = advice[1]


ARGUMENTS = "crossing:"


def limit_of(error: Exception) -> str:
    """The limit that a call went over, empty for none that can be told."""
    if isinstance(error, errors.OutOfFuel):
        return "fuel"
    if isinstance(error, errors.DeadlineExceeded):
        return "deadline"
    if not isinstance(error, errors.OverLimit):
        return ""
    # Behind the plugin's name, which may be anything, and before the trap that came of it. What is wrong with
    # the arguments of a call has no name before it.
    name, _, rest = error.message.partition(": ")
    cause = ARGUMENTS if name == "Crossing" else rest.partition("; then: ")[0]
    return next((limit for word, limit in WORDS.items() if word in cause), "")
