"""`edge log`: shows the log of an installed plugin."""

from __future__ import annotations

from edge import errors
from edge.cli import INTERRUPTED, output
from edge.cli.options import Command, Option, at_least_one
from edge.plugin_log.reading import Following
from edge.store import status
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.cli.options import Arguments
    from edge.plugin_log.reading import Entry

PAUSE = 0.25

COMMAND = Command(
    "log",
    "NAME",
    "Shows the log of an installed plugin, newest last: its events and the output on its standard streams.\n"
    "64 to 128 kB per plugin are kept, in memory; a restart deletes them. --follow continues until it is\n"
    "interrupted; with --json it prints one document per line.",
    (
        Option("last", "N", "show the last N lines", convert=at_least_one),
        Option("follow", "", "wait for new lines", short="-f"),
    ),
    "edge log weather --last 20",
)


def run(arguments: Arguments) -> int:
    """Shows the log; with --follow also new entries."""
    name = arguments.positional[0]
    if not is_plugin_name(name):
        raise errors.UsageError(
            f"`{name}` is not a valid plugin name", "`edge list` shows the installed plugins"
        )
    following = Following(name)
    entries = following.more()
    if not (entries or status.is_installed(name)):
        raise errors.NotInstalled(f"No plugin `{name}` is installed, and there is no log of that name")
    entries = entries[-arguments.get("last", len(entries)) :] if entries else entries
    if arguments.get("follow"):
        return _follow(arguments, following, entries)
    if arguments.get("json"):
        output.document({"plugin": name, "lines": [_facts(entry) for entry in entries]})
    elif entries:
        for entry in entries:
            output.show(_text(entry))
    else:
        output.say(f"{name} has logged nothing since its installation or the last restart of this machine")
    return 0


def _follow(arguments: Arguments, following: Following, entries: list[Entry]) -> int:
    from time import sleep

    try:
        while True:
            for entry in entries:
                if arguments.get("json"):
                    output.document(_facts(entry))
                else:
                    output.show(_text(entry))
            sleep(PAUSE)
            entries = following.more()
    except KeyboardInterrupt:
        # Interrupting is the normal end of --follow, so --json prints no error document.
        output.say("edge: interrupted")
        return INTERRUPTED


def _facts(entry: Entry) -> dict[str, object]:
    return {"time": entry.time, "kind": entry.kind, "text": entry.text}


def _text(entry: Entry) -> str:
    from time import gmtime, strftime

    return f"{strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(entry.time))} [{entry.kind}] {entry.text}"
