"""`edge install`: a plugin from a package, a folder, an archive, a URL or a registry."""

from __future__ import annotations

from edge.cli import output
from edge.cli.consent import ADOPTED, consent_of, show_misfit, show_warnings
from edge.cli.options import Command, Option, megabytes
from edge.operations.install import MAX_BYTES, install
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Arguments
    from edge.store.install import Outcome

MEGABYTE = 1 << 20
MAX_MEGABYTES = MAX_BYTES // MEGABYTE

COMMAND = Command(
    "install",
    "SOURCE",
    "Installs a plugin, or another release of an installed one. SOURCE is one of\n\n"
    "  FILE.edge             a package\n"
    "  ./DIR, ARCHIVE        a folder, .zip, .tar.gz, .tar.xz or .tar.bz2 with a manifest.toml, compiled\n"
    "                        here and signed with this machine's key\n"
    "  https://...           a URL of one of these\n"
    "  NAME, NAME@VERSION    a plugin in a registry (~/.config/edge/registry)\n\n"
    "A bare name always means the registry: write ./NAME for a local folder or file. Files that end in\n"
    ".edge, .zip or .tar.* need no ./ before them.\n\n"
    "A plugin needs consent if it has permission requests beyond the default ones, or is fetched from\n"
    "another machine. Without consent, a package is installed but not enabled (exit code 0, `enabled` of\n"
    "--json is false), and an archive is not compiled (exit code 3).",
    (
        Option("yes", "", "consent to its permission requests", short="-y"),
        Option("sha256", "DIGEST", "refuse a file with another digest"),
        Option("most", "MB", f"refuse a larger file; default: {MAX_MEGABYTES}", convert=megabytes),
        Option("again", "", "accept other contents under the same release number"),
    ),
    "edge install cron-next-1.0.0.edge",
)


def run(arguments: Arguments) -> int:
    """Exits with 0 also if the plugin is not enabled yet, and reports that."""
    done = install(
        arguments.positional[0],
        sha256=arguments.get("sha256", ""),
        most_bytes=arguments.get("most", MAX_MEGABYTES) * MEGABYTE,
        again=arguments.get("again", False),
        consent=consent_of(arguments),
        say=output.say,
        draw=output.draw,
    )
    if arguments.get("json"):
        output.document(_facts(done))
    else:
        _say(done)
    return 0


def _facts(done: Outcome) -> dict[str, Any]:
    return {
        "plugin": done.record.name,
        "version": done.version,
        "release": done.number,
        "change": done.change,
        "enabled": done.record.enabled,
        "id": done.record.current,
        "previous": done.record.previous or None,
        "origin": done.record.origin,
        "needs": list(done.needs),
        "adopted": done.adopted,
        "misfit": done.misfit and done.misfit[0],
        "warnings": list(map(str, done.warnings)),
    }


def _say(done: Outcome) -> None:
    name = done.record.name
    what = {"nothing": "is already installed", "enabled": "is enabled"}.get(done.change, done.change)
    output.show(f"{name} {word(done.version)} {what}")
    if done.change != "nothing" and not done.asked:
        show_warnings(done.warnings)
        if done.adopted:
            output.say(f"  {ADOPTED}")
    if done.needs:
        output.say(f"It is not enabled: its check needs values that are not set: {'; '.join(done.needs)}")
        output.say(f"Set them, then run `edge enable {name}`")
    elif not done.record.enabled:
        output.say(
            f"It is not enabled: `edge audit {name}` shows its requests, `edge enable {name}` enables it"
        )
    show_misfit(done.misfit)
