"""`edge call`: one call of a tool of an installed plugin."""

from __future__ import annotations

import posix
from time import monotonic_ns

from edge.cli import tool
from edge.cli.options import Command, Option, seconds
from edge.cli.output import STDERR
from edge.files import OTHERS_WRITE, read_guarded
from edge.store import config_path
from edge.store.call import prepare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edge.cli.options import Arguments
    from edge.interfaces.logging import Sink
    from edge.limits import Limits
    from edge.limits.admission import Slot
    from edge.runtime.call import Output
    from edge.store.call import Prepared

    End = Callable[[], None]

MAX_LINES = 200
"""Maximum lines of a plugin's log that a terminal shows."""

COMMAND = Command(
    "call",
    "NAME [TOOL] JSON",
    "Calls a tool of an installed plugin. JSON is an object with the arguments, or - to read it from stdin.\n"
    "TOOL is optional if the plugin has one tool. A terminal shows up to 200 lines of the plugin's log.",
    (
        Option("timeout", "SECONDS", "shorter deadline than the plugin's limit", convert=seconds),
        Option("unattended", "", "refuse tools above the policy's risk for unattended calls"),
        Option("quiet", "", "store the log without showing it: edge log NAME", short="-q"),
        Option("stats", "", "show the cost of the call on stderr"),
    ),
    """edge call cron-next '{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}'""",
)


def run(arguments: Arguments) -> int:
    """Exits with 1 when the tool reports a failure."""
    name, *named, json_text = arguments.positional
    chosen = arguments.options
    timeout = chosen.get("timeout")
    with prepare(name) as prepared:
        limits = prepared.limits
        if timeout:
            limits = limits.replace(deadline=min(timeout, limits.deadline))
        # Before loading: a call without enough memory does not start.
        with _admit(prepared, limits):
            log, written, end = _sinks(name, limits, quiet="quiet" in chosen)
            plugin = prepared.load(log=log, output=written, audit=_tell)
            if "unattended" in chosen:
                from edge.operations.call import check_unattended

                check_unattended(prepared.plan, plugin, named)
            started = monotonic_ns()
            try:
                result = plugin.call(
                    tool.arguments(json_text),
                    tool=named[0] if named else None,
                    config=_config(name, prepared.plan.withheld),
                    limits=limits,
                )
            except Exception as error:
                from edge.operations.call import explain

                explain(error, prepared, timeout)
                raise
            finally:
                end()
    return tool.show(arguments, name, result, (monotonic_ns() - started) / 1e6)


def _admit(prepared: Prepared, limits: Limits) -> Slot:
    """Counts the call among all running calls of this device."""
    from edge.limits.admission import admit

    try:
        return admit(prepared.profile, prepared.name, limits, prepared.plan.grants["limits"])
    except Exception as error:
        from edge.operations.limit_remedy import explain_room

        explain_room(error, prepared.name)
        raise


def _config(name: str, withheld: list[str]) -> bytes | None:
    # The same as in edge.store.config, a module that calls do not import.
    text = read_guarded(config_path(name), OTHERS_WRITE)
    if text == b"" or (text and withheld):
        from edge.operations.call import given_config

        return given_config(text, name, withheld)
    return text


def _sinks(name: str, limits: Limits, *, quiet: bool) -> tuple[Sink, Output, End]:
    """Sinks that show the plugin's log and store it for `edge log`; the third is called at the end."""
    from edge.plugin_log import sink

    keep = sink(name)
    if quiet:
        return (*keep, _end_quietly)
    # Only a terminal limits the lines; a file or a pipe gets all of them.
    lines = MAX_LINES if posix.isatty(STDERR) else 0
    shown = tool.GuestLog(name, log_bytes=limits.log_bytes, lines=lines, keep=keep)
    return shown.log, shown.write, lambda: shown.end(f"edge log {name}")


def _end_quietly() -> None:
    pass


def _tell(event: dict[str, Any]) -> None:
    from edge import audit, errors

    try:
        audit.append(event)
    except errors.EnvironmentFault:
        # The denial holds even if it cannot be logged.
        from edge.cli.granting import tell

        tell(event)
