"""The audit log: bounded, and any change to it shows.

In $XDG_DATA_HOME/edge/audit (~/.local/share/edge/audit), which only its user reaches:

    log, log.1, log.2, log.3      what an operator did: installed, granted, revoked
    uses, uses.1, uses.2, uses.3  what plugins were denied; refused packages
    used, used.1, used.2, used.3  what plugins used, at level paranoid
    lock                          held for reading and writing

An entry is a line of JSON. Besides the event it has `seq`, its number; `time`, seconds since 1970 by a clock
that may be wrong; `boot`, which start of the machine; `prev`, the SHA-256 of the line before. Entries of
`uses` and `used` have `since` too, the number of the newest entry of `log` then, and those of `used` have
`past`, that of `uses`. docs/audit.md says what this shows, and
what it can't.
"""

from __future__ import annotations

from edge import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Event = dict[str, Any]

ACTS = "log"
USES = "uses"
USED = "used"
LOGS = (ACTS, USES, USED)
LOG_OF = {"denied": USES, "refused": USES, "suppressed": USES, "used": USED}
"""Logs of events that plugins and strangers can cause as often as they like, so that they cannot displace the
operator's acts, nor uses displace denials. All other events are in ACTS.
"""


def folder() -> str:
    """The folder of the log. Raises an error where there is none."""
    return f"{files.data_folder()}/audit"


def append(event: Event) -> str:
    """Writes an event and returns the digest of its entry, once it is on disk.

    `event` names what happened, `plugin` to which plugin. Long texts are cut; values under names like
    `secret` or `value` are not kept; `seq` and the other names of the log itself are reserved.

    Of denials and refused calls, only a limited number is written (edge/audit/denials.py); the digest is
    empty for the others. A denial that cannot be written is reported on standard error and stays a denial.
    Any other event that cannot be written raises `errors.EnvironmentFault`: the action must not be carried
    out.
    """
    kind = event.get("event")
    if kind == "denied" or (kind == "refused" and event.get("plugin")):
        from edge.audit.denials import append_denied

        return append_denied(event, write)
    return write(event)


def write(event: Event) -> str:
    """As `append`, without the limit on denials."""
    try:
        return _write(event)
    except Exception as error:
        from edge import errors

        # A path that is not a folder is a wrong argument elsewhere; this path was not named by the user.
        if isinstance(error, errors.UsageError):
            raise errors.IoFault(error.message, "The audit log cannot be written there") from None
        raise


def _write(event: Event) -> str:
    from edge.audit.rotating_file import RotatingFile, locked

    where = folder()
    try:
        with locked(where):
            name = LOG_OF.get(event.get("event", ""), ACTS)
            more = {} if name == ACTS else {"since": RotatingFile(where, ACTS).newest()}
            if name == USED:
                more["past"] = RotatingFile(where, USES).newest()
            return RotatingFile(where, name).append(event, more)
    except OSError as error:
        files.raise_for(where, error)


def entries(plugin: str = "") -> Iterator[Event]:
    """All entries, or those of one plugin, oldest first. Damaged ones are left out; `verify` reports them."""
    from edge.audit.line import parse

    acts, uses, used = (
        filter(None, (parse(line) for _, data in read for line in data.split(b"\n")[:-1]))
        for read in _read().values()
    )
    for entry in _merged(acts, _merged(uses, used, "past"), "since"):
        if not plugin or entry.get("plugin") == plugin:
            yield entry


def _merged(entries: Iterator[Event], others: Iterator[Event], field: str) -> Iterator[Event]:
    """Merges two logs: each entry of the second follows the entry whose number it has in a field."""
    other = next(others, None)
    for entry in entries:
        while other is not None and other.get(field, 0) < entry["seq"]:
            yield other
            other = next(others, None)
        yield entry
    if other is not None:
        yield other
        yield from others


def verify() -> list[str]:
    """The problems of the log: changed, missing and truncated entries."""
    from edge.audit.chain import behind, problems
    from edge.audit.rotating_file import others_may_write

    open_to_others = (f"{path}: other users can write it" for path in others_may_write(folder()))
    read = _read()
    wrong = [*open_to_others, *(problem for files in read.values() for problem in problems(files))]
    for name, other, field in ((ACTS, USES, "since"), (ACTS, USED, "since"), (USES, USED, "past")):
        wrong += behind(name, read[name], read[other], field)
    return wrong


def ends() -> dict[str, str]:
    """The digests of the newest entries. A copy kept elsewhere shows whether the end was cut off."""
    from edge.audit.line import digest

    found = {}
    for name, read in _read().items():
        lines = b"".join(data for _, data in read).splitlines(keepends=True)
        if lines:
            found[name] = digest(lines[-1])
    return found


def _read() -> dict[str, list[tuple[str, bytes]]]:
    """Each log's current files with their names, oldest first."""
    from edge.audit.rotating_file import RotatingFile, locked

    where = folder()
    with locked(where, reading=True):
        return {name: RotatingFile(where, name).read() for name in LOGS}
