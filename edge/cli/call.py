"""`edge call`: one call of a tool of an installed plugin."""

from __future__ import annotations

from time import monotonic_ns

from edge.cli import tool
from edge.cli.options import Command, Option, seconds
from edge.store.calling import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.counters import Slot
    from edge.profiles import Limits
    from edge.store.calling import Loaded

COMMAND = Command(
    "call",
    "NAME [TOOL] JSON",
    "Calls a tool of an installed plugin. JSON is an object, the arguments, or - to read them from standard\n"
    "input. TOOL may be left out when there is one.",
    (
        Option("timeout", "SECONDS", "less time than its limits give it", convert=seconds),
        Option("unattended", "", "nobody is there: refuse tools of a higher risk than the policy lets run"),
        Option("stats", "", "what the call cost, on standard error"),
    ),
    """edge call cron-next '{"cron": "0 7 * * mon", "after": "2026-01-30T09:30:00Z"}'""",
)


def run(given: Given) -> int:
    """Exits with 1 when the tool answers that it did not succeed."""
    name, *named, arguments = given.arguments
    loaded = load(name, log=tool.log, output=tool.pass_on, audit=_tell)
    if given.get("unattended"):
        _check_unattended(loaded, named)
    limits = loaded.terms.limits(loaded.profile)
    if given.get("timeout"):
        limits = limits.replace(deadline=min(given.get("timeout"), limits.deadline))
    with _admit(loaded, limits):
        started = monotonic_ns()
        result = loaded.plugin.call(
            tool.arguments(arguments), tool=named[0] if named else None, config=_config(name), limits=limits
        )
    return tool.show(given, name, result, (monotonic_ns() - started) / 1e6)


def _admit(loaded: Loaded, limits: Limits) -> Slot:
    """Counts the call among all that this device has under way."""
    from edge.admission import Admission
    from edge.counters import Counters

    own = loaded.terms.grants["limits"]
    return Admission(Counters(), loaded.profile).admit(
        loaded.terms.name,
        limits,
        concurrent=int(own["concurrent_calls"]),
        per_minute=int(own["calls_per_minute"]),
    )


def _check_unattended(loaded: Loaded, named: list[str]) -> None:
    from edge import policy
    from edge.manifest import UNKNOWN_RISK, Tool

    said = policy.load()
    for name in named or [offered["name"] for offered in loaded.plugin.tools]:
        said.check_unattended(loaded.terms.name, Tool(name, loaded.terms.risks.get(name, UNKNOWN_RISK)))


def _config(name: str) -> bytes | None:
    from edge import config

    return config.read(name) or None


def _tell(fact: dict[str, Any]) -> None:
    from edge import audit

    audit.append(fact)
