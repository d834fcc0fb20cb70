"""`edge install`: a plugin from a package, a folder, an archive, a URL or a registry."""

from __future__ import annotations

from edge.cli import output
from edge.cli.consent import ADOPTED, consent_of, show_misfit, show_warnings
from edge.cli.options import Command, Option, megabytes
from edge.text import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.store.install import Outcome

MEGABYTE = 1 << 20
MAX_MEGABYTES = 256

COMMAND = Command(
    "install",
    "SOURCE",
    "Installs a plugin, or another release of one that is installed. SOURCE is a .edge; a folder or an\n"
    "archive (.zip, .tar.gz, .tar.xz, .tar.bz2) with a manifest.toml, compiled here and signed with this\n"
    "machine's key; an https:// URL of one of these; or a plugin's name in a registry\n"
    "(~/.config/edge/registry). A bare name is always a registry's: write ./NAME for a folder or a file\n"
    "here. Files that end in .edge, .zip or .tar.* need no ./ before them. What asks for more than every\n"
    "plugin has, or is fetched from another machine, is not enabled before its operator agreed: a package\n"
    "is installed all the same, the exit code is 0, and --json says whether it is enabled; an archive is\n"
    "not compiled, and the exit code is 3.",
    (
        Option("yes", "", "agree to what it asks for", short="-y"),
        Option("sha256", "DIGEST", "refuse what has another digest"),
        Option("most", "MB", f"refuse what is larger, {MAX_MEGABYTES} unless given", convert=megabytes),
        Option("again", "", "let a release number come back with other contents"),
    ),
    "edge install cron-next-1.0.0.edge",
)


def run(given: Given) -> int:
    """Exits with 0 also where the plugin is not enabled yet, and says so."""
    from edge.operations.install import install

    done = install(
        given.arguments[0],
        sha256=given.get("sha256", ""),
        most_bytes=given.get("most", MAX_MEGABYTES) * MEGABYTE,
        again=given.get("again", False),
        consent=consent_of(given),
        say=output.say,
        draw=output.draw,
    )
    if given.get("json"):
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
    what = {"nothing": "is installed already", "enabled": "is enabled"}.get(done.change, done.change)
    output.show(f"{name} {word(done.version)} {what}")
    if done.change != "nothing" and not done.asked:
        show_warnings(done.warnings)
        if done.adopted:
            output.say(f"  {ADOPTED}")
    if done.needs:
        output.say(f"It is not enabled, because its check needs what is not set: {'; '.join(done.needs)}")
        output.say(f"`edge enable {name}` then enables it")
    elif not done.record.enabled:
        output.say(
            f"It is not enabled: `edge audit {name}` shows what it asks for, `edge enable {name}` enables it"
        )
    show_misfit(done.misfit)
