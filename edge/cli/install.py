"""`edge install`: a plugin from a package, a folder, an archive, a URL or a registry."""

from __future__ import annotations

from edge import files, places
from edge.cli import output
from edge.cli.consent import consent_of
from edge.cli.options import Command, Option, at_least_one
from edge.interfaces.logging import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.cli.options import Given
    from edge.sources import Source
    from edge.store.install import Outcome

MEGABYTE = 1 << 20
MOST_MEGABYTES = 256

COMMAND = Command(
    "install",
    "SOURCE",
    "Installs a plugin, or another release of one that is installed. SOURCE is a .edge; a folder or an\n"
    "archive (.zip, .tar.gz, .tar.xz, .tar.bz2) with a manifest.toml, compiled here and signed with this\n"
    "machine's key; an https:// URL of one of these; or a plugin's name in a registry\n"
    "(~/.config/edge/registry). What asks for more than every plugin has, or is fetched from another\n"
    "machine, is not enabled before its operator agreed: it is installed all the same, the exit code is\n"
    "0, and --json says whether it is enabled.",
    (
        Option("yes", "", "agree to what it asks for", short="-y"),
        Option("sha256", "DIGEST", "refuse what has another digest"),
        Option("most", "MB", f"refuse what is larger, {MOST_MEGABYTES} unless given", convert=at_least_one),
        Option("again", "", "let a release number come back with other contents"),
    ),
    "edge install cron-next-1.0.0.edge",
)


def run(given: Given) -> int:
    """Exits with 0 also where the plugin is not enabled yet, and says so."""
    from edge.sources import open_source

    most = given.get("most", MOST_MEGABYTES) * MEGABYTE
    with open_source(
        given.arguments[0],
        sha256=given.get("sha256", ""),
        most_bytes=most,
        cache=f"{places.data()}/downloads",
        say=output.say,
    ) as source:
        done = _install(source, given)
    if given.get("json"):
        output.document(_facts(done))
    else:
        _say(done)
    return 0


def _install(source: Source, given: Given) -> Outcome:
    from edge.store.install import install

    fd = source.fd if source.fd is not None else _pack(source)
    try:
        return install(
            fd,
            printable(files.base_name(source.origin)),
            origin=source.origin,
            remote=source.remote,
            again=given.get("again", False),
            consent=consent_of(given),
        )
    finally:
        if source.fd is None:
            files.close(fd)


def _pack(source: Source) -> int:
    """A folder has no code for this machine yet: it is compiled here, and signed by who compiles it."""
    from edge import _native as native
    from edge import errors, keys

    try:
        from edge.dev.pack import pack_in_memory
    except ImportError:
        raise errors.NoCompiler(
            f"{source.origin} is not compiled, and this installation of Edge only runs",
            "On a PC: edge pack DIR --target pi-zero; here: edge key trust, and install what that made",
        ) from None
    engine = native.about()["engine"]
    name = printable(files.base_name(source.origin))
    with keys.wiped(keys.local_seed()) as seed:
        return pack_in_memory(source.folder, [engine], seed, foreign=True, file=name)


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
    }


def _say(done: Outcome) -> None:
    name = done.record.name
    what = {"nothing": "is installed already", "installed": "installed", "upgraded": "upgraded"}[done.change]
    output.answer(f"{name} {done.version} {what}")
    if not done.record.enabled:
        output.say(
            f"It is not enabled: `edge audit {name}` shows what it asks for, `edge enable {name}` enables it"
        )
